#include "harness/samples.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace noa::bench {

namespace {

std::int64_t in_ns(std::chrono::milliseconds time) {
    return std::chrono::nanoseconds(time).count();
}

} // namespace

Spread spread_of(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const auto middle = values.size() / 2;
    const double median =
        values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    return {median, values.front(), values.back()};
}

double percentile(std::vector<double>& values, double percent) {
    if (values.empty()) {
        return 0;
    }
    const auto rank = std::ceil(static_cast<double>(values.size()) * percent / 100.0);
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(std::max(rank, 1.0)) - 1;
    std::nth_element(values.begin(), at, values.end());
    return *at;
}

void put_percentiles(Values& values, std::vector<std::uint32_t>& nanoseconds) {
    if (nanoseconds.empty()) {
        return;
    }
    const auto at = [&](std::size_t percent) {
        const auto index = std::min(nanoseconds.size() * percent / 100, nanoseconds.size() - 1);
        const auto position = nanoseconds.begin() + static_cast<std::ptrdiff_t>(index);
        std::nth_element(nanoseconds.begin(), position, nanoseconds.end());
        return static_cast<double>(*position) / 1000.0;
    };
    values["p50_us"] = at(50);
    values["p99_us"] = at(99);
}

Result<Values> measure_round_trips(std::chrono::milliseconds budget,
                                   const std::function<Result<void>()>& once,
                                   const std::function<std::int64_t()>& cpu) {
    const auto warm = monotonic_ns() + in_ns(budget) / 5;
    while (monotonic_ns() < warm) {
        if (auto done = once(); !done) {
            return tl::unexpected(done.error());
        }
    }
    std::vector<std::uint32_t> samples;
    samples.reserve(static_cast<std::size_t>(in_ns(budget) / 1000));
    const auto cpu_begin = cpu();
    const auto end = monotonic_ns() + in_ns(budget);
    auto before = monotonic_ns();
    while (before < end) {
        if (auto done = once(); !done) {
            return tl::unexpected(done.error());
        }
        const auto after = monotonic_ns();
        samples.push_back(static_cast<std::uint32_t>(
            std::min<std::int64_t>(after - before, std::numeric_limits<std::uint32_t>::max())));
        before = after;
    }
    const auto spent = static_cast<double>(cpu() - cpu_begin);
    Values values;
    values["count"] = static_cast<double>(samples.size());
    values["cpu_us"] = spent / 1000.0 / static_cast<double>(samples.size());
    put_percentiles(values, samples);
    return values;
}

StreamWindow::StreamWindow(std::chrono::milliseconds budget, std::function<std::int64_t()> cpu,
                           std::uint64_t stride)
    : warm_up_ns_(in_ns(budget) / 5), budget_ns_(in_ns(budget)), cpu_(std::move(cpu)),
      stride_(stride) {}

StreamWindow::Mark StreamWindow::mark() const {
    return {seen_, monotonic_ns(), cpu_()};
}

bool StreamWindow::look() {
    const auto now = monotonic_ns();
    if (born_ns_ == 0) {
        born_ns_ = now;
    }
    if (!open_) {
        if (now - born_ns_ >= warm_up_ns_) {
            open_ = true;
            begin_ = mark();
        }
    } else if (!over_ && now - begin_.time_ns >= budget_ns_) {
        over_ = true;
        end_ = mark();
    }
    return !over_;
}

Values StreamWindow::values() const {
    const auto count = static_cast<double>(end_.seen - begin_.seen);
    const auto seconds = static_cast<double>(end_.time_ns - begin_.time_ns) / 1e9;
    if (!over_ || count <= 0) {
        return {};
    }
    return {{"count", count},
            {"per_s", count / seconds},
            {"cpu_us", static_cast<double>(end_.cpu_ns - begin_.cpu_ns) / 1000.0 / count}};
}

} // namespace noa::bench
