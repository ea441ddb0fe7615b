// Keys and values with a bound on memory and number, least recently used out first, and an
// optional end of life each. Knows nothing of messages or JSON; time is told to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "noa/sdk.hpp"

namespace cache {

struct Limits {
    std::uint64_t bytes = 64ULL << 20U;
    std::uint64_t entries = 100'000;
};

// Since the start of the first generation: they go along with the state.
struct Figures {
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evictions = 0;
    std::uint64_t expired = 0;
};

struct Entry {
    std::string key;
    std::string value;
    std::optional<noa::Time> end; // dead from this moment on
};

class Store {
public:
    enum class Stored : std::uint8_t { yes, too_large };

    // Lower ones than before evict at once.
    void limit(Limits limits);

    // Replaces what was there, its end of life included.
    Stored set(std::string_view key, std::string_view value, std::optional<noa::Time> end);
    // Counts as use, and as a hit or a miss. nullptr when absent or dead. The entry lives until
    // the store is changed.
    const Entry* get(std::string_view key, noa::Time now);
    // As get, but neither use nor hit.
    const Entry* find(std::string_view key, noa::Time now);
    bool erase(std::string_view key, noa::Time now);
    // False when absent or dead.
    bool change_end(std::string_view key, std::optional<noa::Time> end, noa::Time now);

    // Frees what is dead, at most `most` entries; true when there is more.
    bool expire(noa::Time now, std::size_t most);
    // The next end of a life, when any entry has one.
    [[nodiscard]] std::optional<noa::Time> next_end() const;

    [[nodiscard]] std::size_t entries() const noexcept { return by_key_.size(); }
    // Keys and values, and what the store itself takes for each.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }
    [[nodiscard]] Figures& figures() noexcept { return figures_; }
    [[nodiscard]] const Figures& figures() const noexcept { return figures_; }

    // Least recently used first: setting them again in this order restores it.
    template <class Visit>
    void each(Visit&& visit) const {
        for (auto entry = by_use_.rbegin(); entry != by_use_.rend(); ++entry) {
            visit(*entry);
        }
    }

private:
    using Entries = std::list<Entry>;
    using Place = Entries::iterator;
    struct EarlierEnd {
        bool operator()(const Entry* one, const Entry* other) const noexcept {
            return one->end != other->end ? one->end < other->end
                                          : std::less<const Entry*>()(one, other);
        }
    };

    // Nodes of the list, of both indices, and the strings' own headers, on a 64-bit machine.
    static constexpr std::uint64_t entry_bytes = 208;
    static std::uint64_t cost(std::size_t key, std::size_t value) noexcept {
        return entry_bytes + key + value;
    }

    void remove(Place place);
    void set_end(Place place, std::optional<noa::Time> end);
    void evict_beyond(std::uint64_t bytes, std::uint64_t entries);

    Limits limits_;
    Figures figures_;
    std::uint64_t bytes_ = 0;
    Entries by_use_; // most recently used first
    std::unordered_map<std::string_view, Place> by_key_;
    std::set<Entry*, EarlierEnd> by_end_; // those that have one
};

} // namespace cache
