// Figures that the host collects from an agent.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
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

// How many values were at most as large as each bound, as Prometheus's histograms have it. Members
// of the agent; any thread.
class Histogram {
public:
    static constexpr std::size_t most_bounds = 64;

    // For what takes between a millisecond and ten seconds.
    Histogram()
        : Histogram({0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}) {}
    // Put in order; what is beyond `most_bounds` is left out.
    explicit Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)) {
        std::sort(bounds_.begin(), bounds_.end());
        bounds_.erase(std::unique(bounds_.begin(), bounds_.end()), bounds_.end());
        bounds_.resize(std::min(bounds_.size(), most_bounds));
        counts_ = std::make_unique<std::atomic<std::uint64_t>[]>(bounds_.size() + 1);
    }

    void add(double value) noexcept {
        const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
        counts_[static_cast<std::size_t>(at)].fetch_add(1, std::memory_order_relaxed);
        sum_.fetch_add(value, std::memory_order_relaxed);
    }

    [[nodiscard]] const std::vector<double>& bounds() const noexcept { return bounds_; }
    // Of those over all bounds before it and not over it; at bounds().size(): over all.
    [[nodiscard]] std::uint64_t count(std::size_t at) const noexcept {
        return counts_[at].load(std::memory_order_relaxed);
    }
    [[nodiscard]] double sum() const noexcept { return sum_.load(std::memory_order_relaxed); }

private:
    std::vector<double> bounds_;
    std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
    std::atomic<double> sum_{0};
};

// Where the values of one figure with labels are told.
class Series {
public:
    // In all; labels of one; bytes of a label's value. What is beyond is left out, and counted.
    static constexpr std::size_t most = 1000;
    static constexpr std::size_t most_labels = 8;
    static constexpr std::size_t longest_label = 200;

    using Label = std::pair<std::string_view, std::string_view>;

    explicit Series(std::string& out) : list_(out) {}

    // Each set of labels once.
    void add(std::initializer_list<Label> labels, double value) {
        const bool fits = count_ < most && labels.size() <= most_labels &&
                          std::all_of(labels.begin(), labels.end(), [](const Label& label) {
                              return label.second.size() <= longest_label;
                          });
        if (!fits) {
            ++left_out_;
            return;
        }
        ++count_;
        JsonObject entry(list_.item());
        {
            JsonObject all(entry.member("labels"));
            for (const auto& [name, text] : labels) {
                all.add(name, text);
            }
        }
        entry.add("value", value);
    }
    [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }

private:
    JsonArray list_;
    std::size_t count_ = 0;
    std::uint64_t left_out_ = 0;
};

class Metrics {
public:
    // `read` is called when somebody looks, on the lane.
    void counter(std::string name, std::string help, Function<std::uint64_t()> read) {
        all_.push_back({std::move(name), std::move(help), {}, std::move(read), {}, {}, nullptr});
    }
    void gauge(std::string name, std::string help, Function<double()> read) {
        all_.push_back({std::move(name), std::move(help), {}, {}, std::move(read), {}, nullptr});
    }
    // `type`: "counter" or "gauge".
    void series(std::string name, std::string_view type, std::string help,
                Function<void(Series&)> read) {
        all_.push_back({std::move(name), std::move(help), type, {}, {}, std::move(read), nullptr});
    }
    void histogram(std::string name, std::string help, const Histogram& histogram) {
        all_.push_back({std::move(name), std::move(help), {}, {}, {}, {}, &histogram});
    }

    void write(JsonObject& out) {
        for (Metric& metric : all_) {
            if (metric.series) {
                write_series(out, metric);
            } else if (metric.histogram != nullptr) {
                write_histogram(out, metric);
            } else if (metric.count) {
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
        std::string_view type;           // of series
        Function<std::uint64_t()> count; // a counter, or
        Function<double()> level;        // a gauge, or
        Function<void(Series&)> series;  // one with labels, or
        const Histogram* histogram;      // that
    };

    static void write_series(JsonObject& out, Metric& metric) {
        JsonObject entry(out.member(metric.name));
        entry.add("type", metric.type);
        entry.add("help", std::string_view(metric.help));
        std::uint64_t left_out = 0;
        {
            Series series(entry.member("series"));
            metric.series(series);
            left_out = series.left_out();
        }
        if (left_out > 0) {
            entry.add("left_out", left_out);
        }
    }
    static void write_histogram(JsonObject& out, const Metric& metric) {
        const Histogram& histogram = *metric.histogram;
        JsonObject entry(out.member(metric.name));
        entry.add("type", "histogram");
        entry.add("help", std::string_view(metric.help));
        std::uint64_t below = 0;
        {
            JsonArray buckets(entry.member("buckets"));
            for (std::size_t at = 0; at < histogram.bounds().size(); ++at) {
                below += histogram.count(at);
                JsonArray bucket(buckets.item());
                append_json(bucket.item(), histogram.bounds()[at]);
                append_json(bucket.item(), below);
            }
        }
        entry.add("count", below + histogram.count(histogram.bounds().size()));
        entry.add("sum", histogram.sum());
    }

    std::vector<Metric> all_;
};

} // namespace noa::sdk
