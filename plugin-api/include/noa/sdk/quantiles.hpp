// Quantiles of a stream of positive numbers, in bounded memory and with a bounded relative error:
// DDSketch (Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
// relative-error guarantees", PVLDB 12(12), 2019), with its logarithmic mapping and a store that
// gives up its lowest bins first.
//
//     noa::Quantiles times; // a member of the agent
//     times.add(0.0031);
//     times.at(0.99); // within 1 % of a value of that rank
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace noa::sdk {

// One thread at a time.
class Quantiles {
public:
    static constexpr double default_error = 0.01;

    // `error`: of a quantile, relative to its true value; over 0 and under 1. `bins`: at most.
    // 2,048 of them cover 1e-9 to 1e+9 at 1 %; values below what they cover count as the lowest.
    explicit Quantiles(double error = default_error, std::size_t bins = 2048)
        : gamma_((1 + error) / (1 - error)), scale_(1 / std::log(gamma_)), most_(bins) {}

    // What is below zero counts as zero; what is not finite, not at all.
    void add(double value, std::uint64_t times = 1) {
        if (times == 0 || !std::isfinite(value)) {
            return;
        }
        count_ += times;
        if (value < std::numeric_limits<double>::min()) {
            zeros_ += times;
            min_ = std::min(min_, 0.0);
            max_ = std::max(max_, 0.0);
            return;
        }
        sum_ += value * static_cast<double>(times);
        min_ = std::min(min_, value);
        max_ = std::max(max_, value);
        put(static_cast<int>(std::ceil(std::log(value) * scale_)), times);
    }

    // What `other` has seen, too. False, and nothing happens, when its error is another.
    bool merge(const Quantiles& other) {
        if (other.gamma_ != gamma_) {
            return false;
        }
        for (std::size_t at = 0; at < other.bins_.size(); ++at) {
            if (other.bins_[at] > 0) {
                put(other.first_ + static_cast<int>(at), other.bins_[at]);
            }
        }
        count_ += other.count_;
        zeros_ += other.zeros_;
        sum_ += other.sum_;
        min_ = std::min(min_, other.min_);
        max_ = std::max(max_, other.max_);
        return true;
    }

    // The value that `rank` (0 to 1) of all are not above; 0 when there are none.
    [[nodiscard]] double at(double rank) const noexcept {
        if (count_ == 0) {
            return 0;
        }
        const auto wanted = static_cast<std::uint64_t>(std::clamp(rank, 0.0, 1.0) *
                                                       static_cast<double>(count_ - 1));
        std::uint64_t below = zeros_;
        if (wanted < below) {
            return 0;
        }
        for (std::size_t at = 0; at < bins_.size(); ++at) {
            below += bins_[at];
            if (wanted < below) {
                const double middle =
                    2 * std::pow(gamma_, first_ + static_cast<int>(at)) / (1 + gamma_);
                return std::clamp(middle, min_, max_);
            }
        }
        return max_;
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] double sum() const noexcept { return sum_; }
    [[nodiscard]] double mean() const noexcept {
        return count_ == 0 ? 0 : sum_ / static_cast<double>(count_);
    }
    [[nodiscard]] double min() const noexcept { return count_ == 0 ? 0 : min_; }
    [[nodiscard]] double max() const noexcept { return count_ == 0 ? 0 : max_; }
    [[nodiscard]] std::size_t bins() const noexcept { return bins_.size(); }
    void clear() noexcept {
        bins_.clear();
        count_ = zeros_ = 0;
        sum_ = 0;
        min_ = std::numeric_limits<double>::infinity();
        max_ = -min_;
    }

private:
    void put(int index, std::uint64_t times) {
        if (bins_.empty()) {
            first_ = index;
            bins_.push_back(0);
        }
        const int last = first_ + static_cast<int>(bins_.size()) - 1;
        if (index > last) {
            bins_.resize(static_cast<std::size_t>(index - first_) + 1);
            shorten();
        } else if (index < first_) {
            const int lowest = std::max(index, last - static_cast<int>(most_) + 1);
            bins_.insert(bins_.begin(), static_cast<std::size_t>(first_ - lowest), 0);
            first_ = lowest;
            index = std::max(index, lowest);
        }
        bins_[static_cast<std::size_t>(index - first_)] += times;
    }
    // The lowest become one.
    void shorten() {
        if (bins_.size() <= most_) {
            return;
        }
        const auto over = static_cast<std::ptrdiff_t>(bins_.size() - most_);
        std::uint64_t lowest = 0;
        for (auto at = bins_.begin(); at != bins_.begin() + over; ++at) {
            lowest += *at;
        }
        bins_.erase(bins_.begin(), bins_.begin() + over);
        bins_.front() += lowest;
        first_ += static_cast<int>(over);
    }

    double gamma_;
    double scale_;
    std::size_t most_;
    int first_ = 0; // the index of the first bin
    std::vector<std::uint64_t> bins_;
    std::uint64_t count_ = 0;
    std::uint64_t zeros_ = 0;
    double sum_ = 0;
    double min_ = std::numeric_limits<double>::infinity();
    double max_ = -std::numeric_limits<double>::infinity();
};

} // namespace noa::sdk

namespace noa {

using sdk::Quantiles;

} // namespace noa
