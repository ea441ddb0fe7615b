// Figures over time, in memory: a ring of rounds, each with one value of every series that was
// there. Bounded in rounds, in series, and in series of one name.
//
// Memory: rounds × series × 8 bytes, and the labels once for each series.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "noa/sdk.hpp"
#include "sample.hpp"

namespace monitor {

struct SeriesBounds {
    std::size_t rounds = 360;
    std::size_t series = 5000;
    std::size_t per_name = 1024; // what one figure with ever new labels can take of it
    std::size_t labels = 8;
    std::size_t label_bytes = 200; // of a name or a value
};

struct Point {
    noa::Time at;
    double value = 0;
};

// One label that a series must have, or must not.
struct Match {
    std::string label;
    std::string value;
    bool equal = true;
};

[[nodiscard]] bool matches(const Labels& labels, const std::vector<Match>& all);

// One thread at a time.
class SeriesRing {
public:
    // Forgets all.
    void bound(const SeriesBounds& bounds);

    // One round. A sample is refused, and counted, when it is not finite, its name or labels are
    // not well formed, its name is of another kind already, or there is no room for its series. A
    // series that is in no round any more is forgotten. REQUIRES: at is after the last round.
    void append(noa::Time at, Samples samples);

    struct Family {
        Kind kind = Kind::gauge;
        std::string help;
    };
    using LookAtPoints = std::function<void(const Labels&, const std::vector<Point>&)>;
    using LookAtLast =
        std::function<void(const std::string&, const Family&, const Labels&, double)>;

    // Null when no series has that name.
    [[nodiscard]] const Family* family(std::string_view name) const;
    // The points in [from, to] of each series with that name, the oldest first.
    void each(std::string_view name, const std::vector<Match>& match, noa::Time from, noa::Time to,
              const LookAtPoints& look) const;
    // What the last round had, by name and then labels.
    void each_last(const LookAtLast& look) const;

    // What is kept, with the age of each round, and its way back; a clock that stands meanwhile
    // does not matter, `unix_ms` is what time it is.
    void save(noa::StateWriter& state, noa::Time now, std::int64_t unix_ms) const;
    // Replaces what is kept. Within the bounds; rounds that would be younger than now are dropped.
    noa::Status restore(noa::StateReader& state, noa::Time now, std::int64_t unix_ms);

    [[nodiscard]] noa::Time first_round() const; // of those that are kept
    [[nodiscard]] noa::Time last_round() const;
    [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_; }
    [[nodiscard]] std::size_t series() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

private:
    struct Series {
        std::vector<double> values; // a place for each round; not a number where it was missing
        std::uint64_t last = 0;     // the round it was in
    };
    struct Named {
        Family family;
        std::map<Labels, Series> series;
    };

    [[nodiscard]] std::size_t place(std::uint64_t round) const { return round % bounds_.rounds; }
    [[nodiscard]] bool is_well_formed(const Sample& sample) const;
    [[nodiscard]] Series* series_of(Sample& sample);
    void begin_round(noa::Time at);
    [[nodiscard]] std::uint64_t oldest() const;
    static Sample restore_series(noa::StateReader& state);

    SeriesBounds bounds_;
    std::vector<noa::Time> times_ = std::vector<noa::Time>(SeriesBounds().rounds);
    std::map<std::string, Named, std::less<>> names_;
    std::uint64_t rounds_ = 0; // so far
    std::size_t count_ = 0;
    std::uint64_t refused_ = 0;
};

} // namespace monitor
