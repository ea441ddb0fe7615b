// From the hash of a key to the place of its entry. Extendible hashing over pages of 64 buckets:
// it grows and shrinks by one page at a time, so that nobody ever waits for all of it.
#pragma once

#include <bit>
#include <cstdint>

#include "pages.hpp"

namespace cache {

// Twelve places; `passed` counts the entries of this or an earlier bucket that lie further on
// because it was full.
struct Bucket {
    static constexpr unsigned places = 12;
    std::array<std::uint8_t, places> tags; // 0: free
    std::array<Loc, places> locs;
    std::uint16_t passed;
    std::uint16_t reserved;
};
static_assert(sizeof(Bucket) == 64);

class Index {
public:
    // What only the entries know.
    class Hashes {
    public:
        Hashes() = default;
        Hashes(const Hashes&) = delete;
        Hashes& operator=(const Hashes&) = delete;
        [[nodiscard]] virtual std::uint64_t hash_of(Loc loc) const noexcept = 0;

    protected:
        ~Hashes() = default;
    };

    static constexpr unsigned buckets = 64; // of a page
    static constexpr unsigned full = buckets * Bucket::places * 85 / 100;

    Index(Memory memory, Pages& pages) noexcept : memory_(memory), pages_(&pages) {}

    // False when there is no page to be had.
    bool format() noexcept;

    // The place of the entry for which `same(loc)`; null when there is none. Until the next insert
    // or erase.
    template <class Same>
    [[nodiscard]] Loc* find(std::uint64_t hash, Same&& same) const noexcept {
        auto* page = memory_.page_data<Bucket>(page_for(hash));
        const std::uint8_t tag = tag_of(hash);
        for (unsigned at = bucket_of(hash), looked = 0; looked < buckets; ++looked) {
            Bucket& bucket = page[at];
            for (std::uint32_t hits = matches(bucket, tag); hits != 0; hits &= hits - 1) {
                Loc& loc = bucket.locs[static_cast<unsigned>(std::countr_zero(hits))];
                if (same(loc)) {
                    return &loc;
                }
            }
            if (bucket.passed == 0) {
                return nullptr;
            }
            at = (at + 1) % buckets;
        }
        return nullptr;
    }
    [[nodiscard]] Loc* find(std::uint64_t hash, Loc wanted) const noexcept {
        return find(hash, [wanted](Loc loc) { return loc == wanted; });
    }
    void prefetch(std::uint64_t hash) const noexcept {
        __builtin_prefetch(memory_.page_data<Bucket>(page_for(hash)) + bucket_of(hash));
    }
    // The first that may be it, without a look at the entry; 0: none in its own bucket.
    [[nodiscard]] Loc likely(std::uint64_t hash) const noexcept {
        const Bucket& bucket = memory_.page_data<Bucket>(page_for(hash))[bucket_of(hash)];
        const std::uint32_t hits = matches(bucket, tag_of(hash));
        return hits == 0 ? 0 : bucket.locs[static_cast<unsigned>(std::countr_zero(hits))];
    }

    // Makes sure that one more fits where `hash` belongs. False when that takes a page and there is
    // none.
    bool make_room(std::uint64_t hash, const Hashes& hashes) noexcept;
    // REQUIRES: make_room(hash), and nothing inserted since.
    void insert(std::uint64_t hash, Loc loc) noexcept;
    // REQUIRES: `place` comes from find(hash).
    void erase(std::uint64_t hash, Loc* place, const Hashes& hashes) noexcept;

    // Shows the entries of the next bucket of a round, and returns where to go on; 0: it is over.
    // A page that was merged since is shown again from its start.
    template <class Visit> // void(Loc)
    std::uint64_t walk(std::uint64_t cursor, const Hashes& hashes, Visit&& visit) const;

    [[nodiscard]] std::uint64_t entries() const noexcept { return head().entries; }

private:
    static constexpr unsigned deepest = 24;
    static constexpr unsigned few = buckets * Bucket::places / 6; // then a merge is tried

    [[nodiscard]] IndexHead& head() const noexcept { return memory_.header().index; }
    [[nodiscard]] PageNumber* directory() const noexcept {
        return memory_.page_data<PageNumber>(head().directory);
    }
    [[nodiscard]] std::uint64_t place_for(std::uint64_t hash) const noexcept {
        return head().depth == 0 ? 0 : hash >> (64U - head().depth);
    }
    [[nodiscard]] PageNumber page_for(std::uint64_t hash) const noexcept {
        return directory()[place_for(hash)];
    }
    static unsigned bucket_of(std::uint64_t hash) noexcept { return (hash >> 8U) % buckets; }
    static std::uint8_t tag_of(std::uint64_t hash) noexcept {
        const auto tag = static_cast<std::uint8_t>(hash);
        return tag == 0 ? 1 : tag;
    }
    // A bit for each place with the tag.
    static std::uint32_t matches(const Bucket& bucket, std::uint8_t tag) noexcept {
        std::uint32_t bits = 0;
        for (unsigned at = 0; at < Bucket::places; ++at) {
            bits |= std::uint32_t{bucket.tags[at] == tag} << at;
        }
        return bits;
    }

    PageNumber make_page(unsigned depth) noexcept;
    bool split(std::uint64_t hash, const Hashes& hashes) noexcept;
    bool deepen() noexcept;
    void merge(std::uint64_t hash, const Hashes& hashes) noexcept;
    void put(PageNumber page, std::uint64_t hash, Loc loc) noexcept;
    void point(std::uint64_t prefix, unsigned depth, PageNumber page) noexcept;
    template <class Visit>
    void each(PageNumber page, Visit&& visit) const noexcept;

    Memory memory_;
    Pages* pages_;
};

// cursor: depth of the page, 5 bits; its prefix, 24; the bucket, 6; and 1, so that it is not 0.
template <class Visit>
std::uint64_t Index::walk(std::uint64_t cursor, const Hashes& hashes, Visit&& visit) const {
    auto bucket = static_cast<unsigned>(cursor >> 1U) % buckets;
    std::uint64_t prefix =
        (cursor >> 7U) & ((1U << deepest) - 1); // from the left of `deepest` bits
    const auto depth_then = static_cast<unsigned>(cursor >> 31U) & 31U;
    const std::uint64_t start = prefix << (64U - deepest);
    const PageNumber page = page_for(start);
    const unsigned depth = memory_.page(page).size_class;
    if (cursor != 0 && depth < depth_then) {
        bucket = 0;
    }
    // In front of this bucket's, what lies further on.
    const auto* all = memory_.page_data<Bucket>(page);
    for (unsigned at = bucket, looked = 0; looked < buckets; ++looked) {
        for (unsigned place = 0; place < Bucket::places; ++place) {
            if (all[at].tags[place] != 0 &&
                (looked == 0 || bucket_of(hashes.hash_of(all[at].locs[place])) == bucket)) {
                visit(all[at].locs[place]);
            }
        }
        if (all[at].passed == 0) {
            break;
        }
        at = (at + 1) % buckets;
    }
    if (++bucket == buckets) {
        bucket = 0;
        const std::uint64_t step = std::uint64_t{1} << (deepest - depth);
        prefix = (prefix & ~(step - 1)) + step;
        if (prefix >> deepest != 0) {
            return 0;
        }
    }
    // The depth of the page that comes next, where it is another one.
    const unsigned depth_next = memory_.page(page_for(prefix << (64U - deepest))).size_class;
    return std::uint64_t{depth_next} << 31U | prefix << 7U | std::uint64_t{bucket} << 1U | 1U;
}

} // namespace cache
