#include "seen.hpp"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace communication {

Seen::Seen(noa::Duration window, std::size_t entries, std::uint64_t secret)
    : window_(window), half_(std::max<std::size_t>(entries / 2, 1)), secret_(secret) {}

SeenKey Seen::key(std::string_view space, std::string_view id) const noexcept {
    const auto apart = XXH3_64bits_withSeed(space.data(), space.size(), secret_);
    const auto hash = XXH3_128bits_withSeed(id.data(), id.size(), apart);
    return {hash.low64 | 1U, hash.high64}; // never zero
}

bool Seen::insert(const SeenKey& key, noa::sdk::Time now) {
    if (young_.size >= half_ || now - turned_ >= window_) {
        // Older than two windows: none of it counts.
        old_ = now - turned_ >= 2 * window_ ? Table() : std::move(young_);
        young_ = Table();
        turned_ = now;
    }
    if (young_.contains(key) || old_.contains(key)) {
        return false;
    }
    young_.insert(key);
    return true;
}

void Seen::erase(const SeenKey& key) noexcept {
    young_.erase(key);
    old_.erase(key);
}

std::size_t Seen::Table::find(const SeenKey& key) const noexcept {
    const std::size_t mask = places.size() - 1;
    std::size_t at = key.high & mask;
    while (places[at] != SeenKey() && places[at] != key) {
        at = (at + 1) & mask;
    }
    return at;
}

bool Seen::Table::contains(const SeenKey& key) const noexcept {
    return !places.empty() && places[find(key)] == key;
}

void Seen::Table::insert(const SeenKey& key) {
    if (places.empty() || size * 4 >= places.size() * 3) {
        grow();
    }
    places[find(key)] = key;
    ++size;
}

// What follows moves up, so that no search ends early.
void Seen::Table::erase(const SeenKey& key) noexcept {
    if (!contains(key)) {
        return;
    }
    const std::size_t mask = places.size() - 1;
    std::size_t hole = find(key);
    for (std::size_t at = (hole + 1) & mask; places[at] != SeenKey(); at = (at + 1) & mask) {
        const std::size_t home = places[at].high & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            places[hole] = places[at];
            hole = at;
        }
    }
    places[hole] = SeenKey();
    --size;
}

void Seen::Table::grow() {
    Table larger;
    larger.places.resize(std::max<std::size_t>(places.size() * 2, 64));
    for (const SeenKey& key : places) {
        if (key != SeenKey()) {
            larger.places[larger.find(key)] = key;
        }
    }
    places = std::move(larger.places);
}

} // namespace communication
