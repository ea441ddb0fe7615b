#include "store.hpp"

namespace cache {

void Store::limit(Limits limits) {
    limits_ = limits;
    evict_beyond(limits_.bytes, limits_.entries);
}

Store::Stored Store::set(std::string_view key, std::string_view value,
                         std::optional<noa::Time> end) {
    const std::uint64_t needed = cost(key.size(), value.size());
    if (needed > limits_.bytes || limits_.entries == 0) {
        return Stored::too_large;
    }
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        remove(found->second);
    }
    evict_beyond(limits_.bytes - needed, limits_.entries - 1);
    by_use_.push_front({std::string(key), std::string(value), std::nullopt});
    const Place place = by_use_.begin();
    by_key_.emplace(place->key, place);
    bytes_ += needed;
    set_end(place, end);
    return Stored::yes;
}

const Entry* Store::get(std::string_view key, noa::Time now) {
    const Entry* entry = find(key, now);
    if (entry == nullptr) {
        ++figures_.misses;
        return nullptr;
    }
    ++figures_.hits;
    by_use_.splice(by_use_.begin(), by_use_, by_key_.find(key)->second);
    return entry;
}

const Entry* Store::find(std::string_view key, noa::Time now) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) {
        return nullptr;
    }
    const Place place = found->second;
    if (place->end && *place->end <= now) {
        ++figures_.expired;
        remove(place);
        return nullptr;
    }
    return &*place;
}

bool Store::erase(std::string_view key, noa::Time now) {
    if (find(key, now) == nullptr) {
        return false;
    }
    remove(by_key_.find(key)->second);
    return true;
}

bool Store::change_end(std::string_view key, std::optional<noa::Time> end, noa::Time now) {
    if (find(key, now) == nullptr) {
        return false;
    }
    set_end(by_key_.find(key)->second, end);
    return true;
}

bool Store::expire(noa::Time now, std::size_t most) {
    while (!by_end_.empty() && *(*by_end_.begin())->end <= now) {
        if (most-- == 0) {
            return true;
        }
        ++figures_.expired;
        remove(by_key_.find((*by_end_.begin())->key)->second);
    }
    return false;
}

std::optional<noa::Time> Store::next_end() const {
    return by_end_.empty() ? std::nullopt : (*by_end_.begin())->end;
}

void Store::remove(Place place) {
    set_end(place, std::nullopt);
    bytes_ -= cost(place->key.size(), place->value.size());
    by_key_.erase(place->key);
    by_use_.erase(place);
}

void Store::set_end(Place place, std::optional<noa::Time> end) {
    if (place->end) {
        by_end_.erase(&*place);
    }
    place->end = end; // only while it is not in by_end_, which is ordered by it
    if (end) {
        by_end_.insert(&*place);
    }
}

void Store::evict_beyond(std::uint64_t bytes, std::uint64_t entries) {
    while (bytes_ > bytes || by_key_.size() > entries) {
        ++figures_.evictions;
        remove(std::prev(by_use_.end()));
    }
}

} // namespace cache
