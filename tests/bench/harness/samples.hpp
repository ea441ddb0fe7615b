// Numbers from samples: percentiles within a run, median and range over runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/clock.hpp"
#include "harness/task.hpp"

namespace noa::bench {

struct Spread {
    double median = 0;
    double low = 0;
    double high = 0;
};

// `values` must not be empty.
[[nodiscard]] Spread spread_of(std::vector<double> values);

// The value that `percent` of them do not exceed; 0 for none. `values` are reordered.
[[nodiscard]] double percentile(std::vector<double>& values, double percent);

// CPU time of this process so far, all threads.
[[nodiscard]] inline std::int64_t own_cpu_ns() noexcept {
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

// A closed loop: `once` is one round trip, `cpu` the CPU time of all processes that take part.
// Gives p50_us, p99_us, cpu_us (per round trip) and count.
[[nodiscard]] Result<Values> measure_round_trips(std::chrono::milliseconds budget,
                                                 const std::function<Result<void>()>& once,
                                                 const std::function<std::int64_t()>& cpu);

// p50_us and p99_us of nanoseconds, which are reordered.
void put_percentiles(Values& values, std::vector<std::uint32_t>& nanoseconds);

// Window of a stream, seen by its receiver: warm-up, then a budget. Asks the clocks only every
// `stride` messages.
class StreamWindow {
public:
    StreamWindow(std::chrono::milliseconds budget, std::function<std::int64_t()> cpu,
                 std::uint64_t stride = 256);

    // Counts one message; false once the window is over.
    bool count() {
        ++seen_;
        return seen_ % stride_ != 0 || look();
    }
    // per_s, cpu_us (per message), count.
    [[nodiscard]] Values values() const;

private:
    struct Mark {
        std::uint64_t seen = 0;
        std::int64_t time_ns = 0;
        std::int64_t cpu_ns = 0;
    };
    bool look();
    [[nodiscard]] Mark mark() const;

    std::int64_t warm_up_ns_;
    std::int64_t budget_ns_;
    std::function<std::int64_t()> cpu_;
    std::uint64_t stride_;
    std::uint64_t seen_ = 0;
    std::int64_t born_ns_ = 0;
    bool open_ = false;
    bool over_ = false;
    Mark begin_;
    Mark end_;
};

} // namespace noa::bench
