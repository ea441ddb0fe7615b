// Which ids were taken lately: within a window, and so many at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "noa/sdk.hpp"

namespace communication {

// 128 bits of a keyed hash in the place of each id.
struct SeenKey {
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    friend bool operator==(const SeenKey&, const SeenKey&) = default;
};

// Two generations: what is older than a window, or than half of the entries, goes all at once.
class Seen {
public:
    Seen(noa::Duration window, std::size_t entries, std::uint64_t secret);

    // `space` keeps apart what may be named alike: senders.
    [[nodiscard]] SeenKey key(std::string_view space, std::string_view id) const noexcept;
    // False: it was there.
    bool insert(const SeenKey& key, noa::sdk::Time now);
    // It was not taken after all.
    void erase(const SeenKey& key) noexcept;
    [[nodiscard]] std::size_t size() const noexcept { return young_.size + old_.size; }

private:
    struct Table {
        std::vector<SeenKey> places; // a power of two; zero: free
        std::size_t size = 0;

        [[nodiscard]] std::size_t
        find(const SeenKey& key) const noexcept; // its place, or a free one
        [[nodiscard]] bool contains(const SeenKey& key) const noexcept;
        void insert(const SeenKey& key);
        void erase(const SeenKey& key) noexcept;
        void grow();
    };

    noa::Duration window_;
    std::size_t half_;
    std::uint64_t secret_;
    Table young_;
    Table old_;
    noa::sdk::Time turned_{}; // when the young began
};

} // namespace communication
