// The ring as a state that goes from one generation to the next.
#include <algorithm>
#include <bit>
#include <chrono>
#include <limits>

#include "series.hpp"

namespace monitor {

namespace {

constexpr std::uint64_t longest_text = 4096;
constexpr std::uint64_t most_saved_rounds = 1'000'000;

std::int64_t ms_of(noa::Duration duration) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
}

// No age of a round is over this, whatever a clock says.
constexpr std::int64_t longest_age_ms = std::int64_t{1000} * 60 * 60 * 24 * 3650;

} // namespace

void SeriesRing::save(noa::StateWriter& state, noa::Time now, std::int64_t unix_ms) const {
    state.number(rounds_ - oldest());
    for (std::uint64_t round = oldest(); round < rounds_; ++round) {
        state.signed_number(unix_ms - ms_of(now - times_[place(round)]));
    }
    state.number(count_);
    for (const auto& [name, named] : names_) {
        for (const auto& [labels, series] : named.series) {
            state.text(name);
            state.text(named.family.help);
            state.number(static_cast<std::uint64_t>(named.family.kind));
            state.number(labels.size());
            for (const auto& [label, value] : labels) {
                state.text(label);
                state.text(value);
            }
            for (std::uint64_t round = oldest(); round < rounds_; ++round) {
                state.number(std::bit_cast<std::uint64_t>(series.values[place(round)]));
            }
        }
    }
}

Sample SeriesRing::restore_series(noa::StateReader& state) {
    Sample sample;
    sample.name = state.text(longest_text);
    sample.help = state.text(longest_text);
    const std::uint64_t kind = state.number();
    sample.kind = kind == 1 ? Kind::counter : kind == 2 ? Kind::histogram : Kind::gauge;
    for (std::uint64_t left = state.number(); left > 0 && state.ok(); --left) {
        std::string label = state.text(longest_text);
        std::string value = state.text(longest_text);
        sample.labels.emplace_back(std::move(label), std::move(value));
    }
    return sample;
}

noa::Status SeriesRing::restore(noa::StateReader& state, noa::Time now, std::int64_t unix_ms) {
    bound(bounds_);
    const std::uint64_t saved = state.number();
    if (saved > most_saved_rounds) {
        return noa::invalid("the state holds more rounds than there can be");
    }
    std::vector<noa::Time> times; // of those that are taken: in order, past, and that there is room
    std::vector<bool> taken(saved);
    for (std::uint64_t at = 0; at < saved && state.ok(); ++at) {
        const std::int64_t then = state.signed_number();
        const bool usable = then <= unix_ms && then >= unix_ms - longest_age_ms;
        const noa::Time moment = now - std::chrono::milliseconds(usable ? unix_ms - then : 0);
        taken[at] =
            usable && saved - at <= bounds_.rounds && (times.empty() || times.back() < moment);
        if (taken[at]) {
            times.push_back(moment);
        }
    }
    std::ranges::copy(times, times_.begin());
    rounds_ = times.size();
    for (std::uint64_t left = state.number(); left > 0 && state.ok(); --left) {
        Sample sample = restore_series(state);
        Series* series = state.ok() ? series_of(sample) : nullptr;
        std::size_t place = 0;
        for (std::uint64_t at = 0; at < saved && state.ok(); ++at) {
            const auto value = std::bit_cast<double>(state.number());
            if (taken[at] && series != nullptr) {
                series->values[place] = value;
                series->last = value == value ? place : series->last;
            }
            place += taken[at] ? 1 : 0;
        }
    }
    return state.finish();
}

} // namespace monitor
