// How a region is laid out. Chunks of 64 MiB, each with the descriptors of its own pages in front;
// in the first one the header follows. All the rest is pages: slabs of slots for entries, runs for
// large ones, pages of the index, tables. Numbers are little endian: a region stays on its machine.
//
// Whatever changes the meaning of a byte changes `format_version`.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "classes.hpp"
#include "region.hpp"

namespace cache {

// A place of an entry: offset / 8. 0 is none; the top bit is free for other uses.
using Loc = std::uint32_t;
using PageNumber = std::uint32_t;

inline constexpr std::uint64_t granule = 8;
inline constexpr std::uint32_t granules_of_page = page_bytes / granule;
inline constexpr std::uint64_t most_region_bytes = (std::uint64_t{1} << 31U) * granule;
inline constexpr std::uint32_t chunk_pages = (64U << 20U) / page_bytes;

enum class PageKind : std::uint8_t {
    none = 0, // not taken yet, or descriptors
    slab,     // first of a slab
    inner,    // a later one of it
    run,      // first of one large entry, or of a table
    index,
    dirty, // first and last of a free run whose memory the region still holds
    clean, // of one whose memory it does not
};

struct PageInfo {
    PageKind kind;
    std::uint8_t size_class; // slab; index: the depth of the page
    std::uint16_t used;      // slab: slots; index: entries
    std::uint32_t extent;    // run, free: pages; inner: the first; slab: see Slabs
    PageNumber prev;
    PageNumber next;
};
static_assert(sizeof(PageInfo) == 16);

inline constexpr std::uint32_t descriptor_pages = chunk_pages * sizeof(PageInfo) / page_bytes;

// Doubly linked through the entries; newest first.
struct List {
    Loc head;
    Loc tail;
    std::uint64_t bytes;
    std::uint64_t entries;
};

enum class Segment : std::uint8_t { window = 0, probation = 1, guarded = 2 };
inline constexpr std::size_t segments = 3;

// How large the window is, moved towards what hits more.
struct Climber {
    double window; // part of the whole
    double step;
    double rate; // of hits, in the last sample
    std::uint64_t hits;
    std::uint64_t requests;
};

// A namespace as it is known by its name. Its entries belong to a domain, and to flush it is to
// give it another one.
using SpaceId = std::uint8_t;
inline constexpr std::size_t most_spaces = 64;
inline constexpr std::size_t longest_space_name = 40;

struct SpaceHead {
    std::array<char, longest_space_name> name;
    std::uint64_t quota; // bytes; 0: none
    std::uint64_t evictions;
    std::uint64_t hits;
    std::uint64_t misses;
    std::uint8_t name_size; // 0: not in use
    std::uint8_t domain;
    std::array<std::uint8_t, 6> reserved;
};

using Domain = std::uint8_t;
enum class DomainState : std::uint8_t { unused = 0, live = 1, dying = 2 };
inline constexpr std::size_t domain_numbers = 128; // those that are being cleared included

struct DomainHead {
    std::array<List, segments> lists;
    Climber climber;
    DomainState state;
    SpaceId space; // of a live one
    std::array<std::uint8_t, 6> reserved;
};

inline constexpr unsigned wheel_levels = 5;
inline constexpr unsigned wheel_slots = 64;

struct WheelHead {
    std::uint64_t tick; // all before it are done
    std::uint64_t entries;
    std::array<std::uint64_t, wheel_levels> occupied; // a bit a slot
    std::array<std::array<Loc, wheel_slots>, wheel_levels> slots;
};

// A class's slabs with a free slot, by quarters of use, and the sum of its free slots.
struct ClassHead {
    std::array<PageNumber, 4> slabs;
    std::uint32_t free_slots;
    std::uint32_t slots;
};

struct PagesHead {
    static constexpr std::size_t bins = 32;
    PageNumber frontier;                              // no page from here on was ever taken
    PageNumber descriptors;                           // pages that hold descriptors in use
    std::uint64_t used;                               // pages taken
    std::uint64_t dirty;                              // pages free, their memory not given back
    std::uint64_t most;                               // of all of them, by the limit
    std::array<std::array<PageNumber, bins>, 2> free; // dirty, clean
};

struct IndexHead {
    PageNumber directory; // first page of the run
    std::uint32_t depth;  // 2^depth places in the directory
    std::uint64_t entries;
};

struct SketchHead {
    PageNumber table;
    std::uint32_t block_bits; // 2^block_bits blocks of 64 bytes
    std::uint64_t additions;  // since the last ageing
    std::uint64_t ageing;     // next block to be halved; at the end: none
    PageNumber larger;        // twice as large, that it moves to; 0: none
    std::uint32_t reserved;
    std::uint64_t moved; // blocks that have
};

struct TagsHead {
    PageNumber table;
    std::uint32_t bits;
    std::uint64_t invalidations;
};

struct SweepHead {
    std::uint64_t cursor;
    std::uint64_t not_before; // milliseconds since the store was made
    std::uint64_t wanted;     // invalidations and flushes that a whole round has to follow
    std::uint64_t begun;      // `wanted` when the round began
    std::uint64_t done;       // `wanted` of the last whole round
};

struct FiguresHead {
    std::uint64_t hits;
    std::uint64_t misses;
    std::uint64_t evictions;
    std::uint64_t expirations;
    std::uint64_t invalidations;
};

inline constexpr std::uint64_t format_magic = 0x45484341432d414eU; // "NA-CACHE"
inline constexpr std::uint32_t format_version = 1;

struct Header {
    std::uint64_t magic;
    std::uint32_t version;
    std::uint32_t header_bytes;
    std::array<std::uint64_t, 2> seed; // of the hash
    std::uint64_t random;              // state of a generator
    std::int64_t born_ms;              // ends of life count from here
    PagesHead pages;
    IndexHead index;
    SketchHead sketch;
    TagsHead tags;
    SweepHead sweep;
    FiguresHead figures;
    WheelHead wheel;
    std::array<ClassHead, size_classes> classes;
    std::array<SpaceHead, most_spaces> spaces;
    std::array<DomainHead, domain_numbers> domains;
};

inline constexpr std::uint32_t header_pages = (sizeof(Header) + page_bytes - 1) / page_bytes;
inline constexpr std::uint64_t header_offset = std::uint64_t{descriptor_pages} * page_bytes;
inline constexpr PageNumber first_page = descriptor_pages + header_pages;

// What all parts of a store see of its region.
class Memory {
public:
    explicit Memory(Region& region) noexcept : region_(&region) {}

    template <class T>
    [[nodiscard]] T* at(std::uint64_t offset) const noexcept {
        return reinterpret_cast<T*>(region_->base() + offset);
    }
    [[nodiscard]] Header& header() const noexcept { return *at<Header>(header_offset); }
    [[nodiscard]] PageInfo& page(PageNumber number) const noexcept {
        const std::uint64_t chunk = number / chunk_pages;
        return at<PageInfo>(chunk * chunk_pages * page_bytes)[number % chunk_pages];
    }
    template <class T>
    [[nodiscard]] T* page_data(PageNumber number) const noexcept {
        return at<T>(std::uint64_t{number} * page_bytes);
    }
    [[nodiscard]] std::byte* place(Loc loc) const noexcept {
        return region_->base() + std::uint64_t{loc} * granule;
    }
    [[nodiscard]] Region& region() const noexcept { return *region_; }
    [[nodiscard]] PageNumber pages() const noexcept {
        return static_cast<PageNumber>(region_->size() / page_bytes);
    }

private:
    Region* region_;
};

inline Loc loc_of_page(PageNumber number) noexcept {
    return number * granules_of_page;
}
inline PageNumber page_of(Loc loc) noexcept {
    return loc / granules_of_page;
}

} // namespace cache
