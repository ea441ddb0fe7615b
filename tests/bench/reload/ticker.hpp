// The rhythm of a sender that is no agent: an open loop in ticks of a millisecond.
#pragma once

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/clock.hpp"
#include "base/unique_fd.hpp"

namespace noa::bench {

class Ticker {
public:
    static constexpr std::int64_t tick_ns = 1'000'000;

    // `rate`: messages a second; `offset_ns`: of the first tick.
    Ticker(std::uint64_t rate, std::int64_t offset_ns)
        : rate_(rate), begun_ns_(monotonic_ns()),
          timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
        itimerspec times{};
        times.it_interval.tv_nsec = tick_ns;
        times.it_value.tv_nsec = 1 + offset_ns;
        ::timerfd_settime(timer_.get(), 0, &times, nullptr);
    }

    // How many messages are due by now, since the beginning; waits for the next tick.
    [[nodiscard]] std::uint64_t wait() const {
        std::uint64_t ticks = 0;
        while (::read(timer_.get(), &ticks, sizeof ticks) < 0 && errno == EINTR) {}
        return static_cast<std::uint64_t>(monotonic_ns() - begun_ns_) / 1000 * rate_ / 1'000'000;
    }

private:
    std::uint64_t rate_;
    std::int64_t begun_ns_;
    UniqueFd timer_;
};

} // namespace noa::bench
