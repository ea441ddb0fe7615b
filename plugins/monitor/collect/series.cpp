#include "series.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace monitor {

bool matches(const Labels& labels, const std::vector<Match>& all) {
    return std::ranges::all_of(all, [&](const Match& match) {
        const auto found = std::ranges::find(labels, match.label, &Labels::value_type::first);
        const std::string_view value = found == labels.end() ? "" : std::string_view(found->second);
        return (value == match.value) == match.equal;
    });
}

void SeriesRing::bound(const SeriesBounds& bounds) {
    bounds_ = bounds;
    times_.assign(bounds.rounds, {});
    names_.clear();
    rounds_ = count_ = 0;
}

bool SeriesRing::is_well_formed(const Sample& sample) const {
    if (!std::isfinite(sample.value) || !is_metric_name(sample.name) ||
        sample.labels.size() > bounds_.labels) {
        return false;
    }
    for (std::size_t at = 0; at < sample.labels.size(); ++at) {
        const auto& [name, value] = sample.labels[at];
        if (!is_metric_name(name) || value.size() > bounds_.label_bytes ||
            (at > 0 && sample.labels[at - 1].first >= name)) {
            return false;
        }
    }
    return true;
}

SeriesRing::Series* SeriesRing::series_of(Sample& sample) {
    if (!is_well_formed(sample)) {
        return nullptr;
    }
    auto named = names_.find(sample.name);
    if (named != names_.end() && named->second.family.kind != sample.kind) {
        return nullptr;
    }
    if (named != names_.end()) {
        if (const auto found = named->second.series.find(sample.labels);
            found != named->second.series.end()) {
            return &found->second;
        }
    }
    if (count_ >= bounds_.series ||
        (named != names_.end() && named->second.series.size() >= bounds_.per_name)) {
        return nullptr;
    }
    if (named == names_.end()) {
        named =
            names_.emplace(std::move(sample.name), Named{{sample.kind, std::move(sample.help)}, {}})
                .first;
    }
    Series& made = named->second.series[std::move(sample.labels)];
    made.values.assign(bounds_.rounds, std::numeric_limits<double>::quiet_NaN());
    ++count_;
    return &made;
}

void SeriesRing::begin_round(noa::Time at) {
    const std::size_t here = place(rounds_);
    times_[here] = at;
    for (auto named = names_.begin(); named != names_.end();) {
        auto& all = named->second.series;
        for (auto& [labels, series] : all) {
            series.values[here] = std::numeric_limits<double>::quiet_NaN();
        }
        count_ -= std::erase_if(
            all, [&](const auto& one) { return one.second.last + bounds_.rounds <= rounds_; });
        named = all.empty() ? names_.erase(named) : std::next(named);
    }
}

void SeriesRing::append(noa::Time at, Samples samples) {
    begin_round(at);
    for (Sample& sample : samples) {
        if (Series* series = series_of(sample); series != nullptr) {
            series->values[place(rounds_)] = sample.value;
            series->last = rounds_;
        } else {
            ++refused_;
        }
    }
    ++rounds_;
}

std::uint64_t SeriesRing::oldest() const {
    return rounds_ - std::min<std::uint64_t>(rounds_, bounds_.rounds);
}

const SeriesRing::Family* SeriesRing::family(std::string_view name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? nullptr : &found->second.family;
}

void SeriesRing::each(std::string_view name, const std::vector<Match>& match, noa::Time from,
                      noa::Time to, const LookAtPoints& look) const {
    const auto named = names_.find(name);
    if (named == names_.end()) {
        return;
    }
    std::vector<Point> points;
    for (const auto& [labels, series] : named->second.series) {
        if (!matches(labels, match)) {
            continue;
        }
        points.clear();
        for (std::uint64_t round = oldest(); round < rounds_; ++round) {
            const noa::Time at = times_[place(round)];
            const double value = series.values[place(round)];
            if (at >= from && at <= to && !std::isnan(value)) {
                points.push_back({at, value});
            }
        }
        look(labels, points);
    }
}

void SeriesRing::each_last(const LookAtLast& look) const {
    for (const auto& [name, named] : names_) {
        for (const auto& [labels, series] : named.series) {
            if (series.last + 1 == rounds_) {
                look(name, named.family, labels, series.values[place(series.last)]);
            }
        }
    }
}

noa::Time SeriesRing::first_round() const {
    return rounds_ == 0 ? noa::Time() : times_[place(oldest())];
}

noa::Time SeriesRing::last_round() const {
    return rounds_ == 0 ? noa::Time() : times_[place(rounds_ - 1)];
}

} // namespace monitor
