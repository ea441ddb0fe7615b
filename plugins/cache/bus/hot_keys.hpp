// The keys asked for most, about: of every eighth request, in a table of a fixed size whose least
// counted one makes room for the next (Space-Saving).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../store/store.hpp"

namespace cache {

class HotKeys {
public:
    struct Hot {
        SpaceId space = 0;
        std::string key;
        std::uint64_t uses = 0;
    };

    void use(SpaceId space, std::string_view key) {
        if (++requests_ % sampled == 0) {
            count(space, key);
        }
    }
    // Most used first; since this generation began.
    [[nodiscard]] std::vector<Hot> top(std::size_t most) const {
        std::vector<Hot> all = all_;
        std::ranges::sort(all, std::greater<>(), &Hot::uses);
        all.resize(std::min(all.size(), most));
        return all;
    }

private:
    static constexpr std::uint64_t sampled = 8;
    static constexpr std::size_t kept = 128;

    void count(SpaceId space, std::string_view key) {
        Hot* least = nullptr;
        for (Hot& hot : all_) {
            if (hot.space == space && hot.key == key) {
                hot.uses += sampled;
                return;
            }
            least = least == nullptr || hot.uses < least->uses ? &hot : least;
        }
        if (all_.size() < kept) {
            all_.push_back({space, std::string(key), sampled});
            return;
        }
        least->space = space;
        least->key = key;
        least->uses += sampled;
    }

    std::uint64_t requests_ = 0;
    std::vector<Hot> all_;
};

} // namespace cache
