// The entries of a store as its parts see them: by place.
#pragma once

#include "entry.hpp"
#include "hash.hpp"
#include "index.hpp"
#include "slabs.hpp"

namespace cache {

class Entries final : public Index::Hashes {
public:
    Entries(Memory memory, const Slabs& slabs) noexcept : memory_(memory), slabs_(&slabs) {}
    virtual ~Entries() = default;

    [[nodiscard]] EntryHead& head(Loc loc) const noexcept { return head_of(memory_.place(loc)); }
    [[nodiscard]] TimerPart& timer(Loc loc) const noexcept { return timer_of(memory_.place(loc)); }
    [[nodiscard]] std::string_view key(Loc loc) const noexcept {
        return key_of(memory_.place(loc));
    }
    [[nodiscard]] EntryView view(Loc loc) const noexcept {
        return view_entry(memory_.place(loc), slabs_->slot_bytes(loc));
    }
    [[nodiscard]] std::uint32_t bytes(Loc loc) const noexcept { return slabs_->slot_bytes(loc); }

    [[nodiscard]] std::uint64_t hash(Domain domain, std::string_view key) const noexcept {
        return SipHash(memory_.header().seed, domain)(key);
    }
    [[nodiscard]] std::uint64_t hash_of(Loc loc) const noexcept override {
        return hash(head(loc).domain, key(loc));
    }
    [[nodiscard]] bool is(Loc loc, Domain domain, std::string_view wanted) const noexcept {
        return head(loc).domain == domain && key(loc) == wanted;
    }

private:
    Memory memory_;
    const Slabs* slabs_;
};

} // namespace cache
