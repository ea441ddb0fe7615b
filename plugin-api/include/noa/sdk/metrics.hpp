// Figures that the host collects from an agent.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "noa/sdk/function.hpp"
#include "noa/sdk/json_text.hpp"

namespace noa::sdk {

// Only rises. Members of the agent; any thread.
class Counter {
public:
    void add(std::uint64_t count = 1) noexcept {
        value_.fetch_add(count, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> value_{0};
};

// Rises and falls. Members of the agent; any thread.
class Gauge {
public:
    void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
    [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

class Metrics {
public:
    // `read` is called when somebody looks, on the lane.
    void counter(std::string name, std::string help, Function<std::uint64_t()> read) {
        all_.push_back({std::move(name), std::move(help), std::move(read), {}});
    }
    void gauge(std::string name, std::string help, Function<double()> read) {
        all_.push_back({std::move(name), std::move(help), {}, std::move(read)});
    }

    void write(JsonObject& out) {
        for (Metric& metric : all_) {
            if (metric.count) {
                write(out, metric.name, "counter", metric.count(), metric.help);
            } else {
                write(out, metric.name, "gauge", metric.level(), metric.help);
            }
        }
    }
    template <class T>
    static void write(JsonObject& out, std::string_view name, std::string_view type, T value,
                      std::string_view help) {
        JsonObject entry(out.member(name));
        entry.add("type", type);
        entry.add("value", value);
        entry.add("help", help);
    }

    void clear() noexcept { all_.clear(); }

private:
    struct Metric {
        std::string name;
        std::string help;
        Function<std::uint64_t()> count; // a counter, or
        Function<double()> level;        // a gauge
    };
    std::vector<Metric> all_;
};

} // namespace noa::sdk
