// Who beats, and who has stopped: times and names, nothing of messages.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "noa/sdk.hpp"

namespace heartbeat {

struct Beater {
    noa::Duration interval{0};
    noa::Time last{}; // the last beat, or when watching began
    std::uint64_t beats = 0;
    bool missed = false;
};

class Beats {
public:
    // More names than `limit` are refused; a beat counts as missed `missed_after` intervals
    // after the last one.
    void limit(std::size_t names, std::uint32_t missed_after) {
        names_ = names;
        missed_after_ = missed_after;
    }

    // Starts to watch, or changes the interval. False when there is no room.
    bool watch(std::string_view name, noa::Duration interval, noa::Time now) {
        auto found = beaters_.find(name);
        if (found == beaters_.end()) {
            if (beaters_.size() >= names_) {
                return false;
            }
            found = beaters_.emplace(name, Beater{interval, now}).first;
        }
        found->second.interval = interval;
        return true;
    }
    bool forget(std::string_view name) {
        const auto found = beaters_.find(name);
        return found != beaters_.end() && (beaters_.erase(found), true);
    }
    // REQUIRES: the name is watched. True when it had been missed.
    bool beat(std::string_view name, noa::Time now) {
        Beater& beater = beaters_.find(name)->second;
        beater.last = now;
        ++beater.beats;
        return std::exchange(beater.missed, false);
    }

    // The names that have become missed by now; each is told once.
    std::vector<std::string> take_missed(noa::Time now) {
        std::vector<std::string> names;
        for (auto& [name, beater] : beaters_) {
            if (!beater.missed && due(beater) <= now) {
                beater.missed = true;
                names.push_back(name);
            }
        }
        return names;
    }
    // REQUIRES: the name is watched.
    [[nodiscard]] noa::Time due(std::string_view name) const {
        return due(beaters_.find(name)->second);
    }
    // When the next one will be, if nobody beats.
    [[nodiscard]] std::optional<noa::Time> next_due() const {
        std::optional<noa::Time> next;
        for (const auto& [name, beater] : beaters_) {
            if (!beater.missed) {
                next = std::min(next.value_or(due(beater)), due(beater));
            }
        }
        return next;
    }

    [[nodiscard]] std::size_t missed() const {
        return static_cast<std::size_t>(std::ranges::count_if(
            beaters_, [](const auto& beater) { return beater.second.missed; }));
    }
    [[nodiscard]] const std::map<std::string, Beater, std::less<>>& all() const { return beaters_; }
    void put(std::string name, const Beater& beater) {
        if (beaters_.size() < names_) {
            beaters_.insert_or_assign(std::move(name), beater);
        }
    }

private:
    [[nodiscard]] noa::Time due(const Beater& beater) const {
        return beater.last + beater.interval * missed_after_;
    }

    std::size_t names_ = 0;
    std::uint32_t missed_after_ = 0;
    std::map<std::string, Beater, std::less<>> beaters_;
};

} // namespace heartbeat
