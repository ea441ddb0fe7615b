// How long messages took: counts in buckets of fixed size, without a lock.
//
// A bucket is a millisecond wide up to 16 ms, then an eighth of a power of two: what is told of a
// duration is at most an eighth too little. From 17 minutes on all are one.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace noa::bus {

class Durations {
public:
    static constexpr unsigned octaves = 17; // above the first 16 ms, which have the first two
    static constexpr std::size_t buckets = std::size_t{octaves + 2} * 8;
    // They only grow: the difference of two is what came between.
    using Counts = std::array<std::uint64_t, buckets>;

    // [one thread at a time]
    void add(std::int64_t ns) noexcept {
        auto& count = own_[bucket_of(ns)];
        count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        own_ns_.store(own_ns_.load(std::memory_order_relaxed) + ns, std::memory_order_relaxed);
    }
    // [any thread]
    void add_shared(std::int64_t ns) noexcept {
        shared_[bucket_of(ns)].fetch_add(1, std::memory_order_relaxed);
        shared_ns_.fetch_add(ns, std::memory_order_relaxed);
    }
    // [any thread]
    [[nodiscard]] Counts counts() const noexcept {
        Counts out{};
        for (std::size_t i = 0; i < buckets; ++i) {
            out[i] = own_[i].load(std::memory_order_relaxed) +
                     shared_[i].load(std::memory_order_relaxed);
        }
        return out;
    }

    // [any thread] Of all of them together.
    [[nodiscard]] std::int64_t sum_ns() const noexcept {
        return own_ns_.load(std::memory_order_relaxed) + shared_ns_.load(std::memory_order_relaxed);
    }

    [[nodiscard]] static std::size_t bucket_of(std::int64_t ns) noexcept {
        const auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)) / 1'000'000;
        if (ms < 16) {
            return ms;
        }
        const auto octave = static_cast<unsigned>(std::bit_width(ms)) - 4;
        return std::min(std::size_t{octave} * 8 + (ms >> octave), buckets - 1);
    }
    // The shortest that is in it.
    [[nodiscard]] static std::int64_t floor_ms(std::size_t bucket) noexcept {
        const auto eighths = static_cast<std::int64_t>(bucket);
        return bucket < 16 ? eighths : (eighths % 8 + 8) << (bucket / 8 - 1);
    }

private:
    std::array<std::atomic<std::uint64_t>, buckets> own_{};
    std::array<std::atomic<std::uint64_t>, buckets> shared_{};
    std::atomic<std::int64_t> own_ns_{0};
    std::atomic<std::int64_t> shared_ns_{0};
};

// How many were shorter than that: exact where a bucket begins, as at each power of two.
[[nodiscard]] inline std::uint64_t shorter_than(const Durations::Counts& counts,
                                                std::int64_t ms) noexcept {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i + 1 < counts.size() && Durations::floor_ms(i + 1) <= ms; ++i) {
        out += counts[i];
    }
    return out;
}

// What of `percent` of those between is not longer than, in milliseconds; `total`: how many.
struct Percentile {
    std::int64_t ms = 0;
    std::uint64_t total = 0;
};
[[nodiscard]] inline Percentile percentile(const Durations::Counts& now,
                                           const Durations::Counts& before,
                                           unsigned percent) noexcept {
    Durations::Counts between{};
    Percentile out;
    for (std::size_t i = 0; i < now.size(); ++i) {
        between[i] = now[i] - before[i];
        out.total += between[i];
    }
    const auto rank = (out.total * percent + 99) / 100;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < between.size() && seen < rank; ++i) {
        seen += between[i];
        out.ms = Durations::floor_ms(i);
    }
    return out;
}

} // namespace noa::bus
