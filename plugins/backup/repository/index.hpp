// Which blob is where: all of a repository's, 56 bytes each.
#pragma once

#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "pack.hpp"

namespace backup {

struct Location {
    Id pack;
    PackedBlob blob;
};

// Written by one thread at a time; read by many while nobody writes.
class Index {
public:
    // The number of a pack, for `add`.
    std::uint32_t pack_number(const Id& pack);
    // A blob that is in several packs is found in the first that was added.
    void add(std::uint32_t pack, const PackedBlob& blob);
    [[nodiscard]] std::optional<Location> find(const Id& id, BlobKind kind) const;
    [[nodiscard]] bool has(const Id& id, BlobKind kind) const { return slot(id, kind) != nullptr; }

    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] const std::vector<Id>& packs() const noexcept { return packs_; }
    [[nodiscard]] bool has_pack(const Id& pack) const { return numbers_.contains(pack); }

    // At positions [first, last), in the order of `add`: visit(position, pack, blob).
    template <class F>
    void each(std::size_t first, std::size_t last, F visit) const {
        for (std::size_t at = first; at < last; ++at) {
            visit(at, entries_[at].pack, blob_of(entries_[at]));
        }
    }
    // Where find looks: the position in the order of `add`.
    [[nodiscard]] std::optional<std::size_t> position(const Id& id, BlobKind kind) const;

private:
    struct Entry {
        Id id;
        std::uint32_t pack;
        std::uint32_t offset;
        std::uint32_t size; // the top bit: a tree
        std::uint32_t plain_size;
    };
    static constexpr std::uint32_t tree_bit = 1U << 31U;
    static constexpr std::uint32_t none = UINT32_MAX;

    [[nodiscard]] static PackedBlob blob_of(const Entry& entry);
    [[nodiscard]] const std::uint32_t* slot(const Id& id, BlobKind kind) const;
    void grow();

    std::deque<Entry> entries_;        // in blocks: it grows without a copy
    std::vector<std::uint32_t> table_; // open addressing, at most 3/4 full
    std::vector<Id> packs_;
    std::unordered_map<Id, std::uint32_t, IdHash> numbers_; // of packs_
};

} // namespace backup
