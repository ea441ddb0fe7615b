// The region that the host keeps for the agent, from generation to generation.
#pragma once

#include "../store/region.hpp"
#include "noa/sdk/arena.hpp"

namespace cache {

// Goes before the arena is closed.  [lane] grow.
class ArenaRegion final : public Region {
public:
    // REQUIRES: the arena is open.
    explicit ArenaRegion(noa::Arena& arena) noexcept : arena_(&arena) { look(); }

    noa::Status grow(std::uint64_t size) override {
        if (size <= size_) {
            return {};
        }
        noa::Status grown = arena_->grow((size + page_bytes - 1) / page_bytes * page_bytes);
        look();
        return grown;
    }
    bool release(std::uint64_t offset, std::uint64_t size) noexcept override {
        return arena_->release(offset, size).has_value();
    }

private:
    void look() noexcept {
        base_ = arena_->bytes().data();
        size_ = arena_->bytes().size();
    }

    noa::Arena* arena_;
};

} // namespace cache
