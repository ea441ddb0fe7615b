// Values under keys, in a region: bounded in bytes and number, each with an optional end of life,
// in namespaces with quotas, under tags by which they are forgotten together.
//
// Thread    one at a time: Shared<Store> is how several share it.
// Time      told to it, in milliseconds of the monotonic clock; it never goes back.
// Views     what `get`, `find` and `scan` show lies in the region, and is good until the next call
//           that is not const. No text that is given to a function may lie there.
// Memory    nothing is allocated outside the region.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "noa/sdk.hpp"
#include "policy.hpp"
#include "wheel.hpp"

namespace cache {

using Instant = std::chrono::milliseconds; // of the monotonic clock

inline constexpr std::size_t longest_key = 65'535;
inline constexpr std::size_t longest_value = 32U << 20U;
inline constexpr std::size_t most_tags = 16;
inline constexpr std::uint64_t least_store_bytes = 1U << 20U;

// Of a value. What the bytes of a hash, a list or a set mean is for those who write them.
enum class Type : std::uint8_t { string = 0, json = 1, hash = 2, list = 3, set = 4 };

struct Limits {
    std::uint64_t bytes = 64ULL << 20U; // of the region's memory, all included
    std::uint64_t entries = UINT32_MAX;
};

// Since the store was made: they go along with it.
using Figures = FiguresHead;

struct Value {
    std::string_view bytes;
    Type type = Type::string;
    std::optional<Instant> end = {}; // dead from then on
    Instant grace{0};                // after the end: may be shown to those who take it stale
    std::uint32_t load_ms = 0;       // how long it took to make; 0: not known
};

// Of the value that is replaced; without one, what the options say holds.
enum class Keep : std::uint8_t {
    nothing,
    end,
    all, // tags and times, too
};
enum class When : std::uint8_t { always, absent, present };

struct SetOptions {
    Type type = Type::string;
    std::optional<Instant> end = {};
    Keep keep = Keep::nothing;
    When when = When::always;
    std::span<const std::string_view> tags = {}; // most_tags at most
    std::string_view marks = {}; // instead of tags, as `Shown` has them: see adopt_tags
    std::uint32_t load_ms = 0;
    std::uint32_t grace_ms = 0; // only with an end
};

enum class Stored : std::uint8_t {
    yes,
    no,        // `when` did not hold
    too_large, // more than a quarter of the store, or than the quota of its namespace
    no_room,   // not even by evicting: the region is not what the limits say
};

// One entry, as `scan` shows it.
struct Shown {
    std::string_view key;
    Value value;
    std::uint64_t bytes; // that it takes of its slot
    SpaceId space;
    std::string_view marks; // of its tags: only the store knows what they mean
};

struct SpaceFigures {
    std::string_view name;
    std::uint64_t entries;
    std::uint64_t bytes; // of slots
    std::uint64_t quota; // 0: none
    std::uint64_t hits;
    std::uint64_t misses;
    std::uint64_t evictions;
};

class Store {
public:
    // On what lies in the region, in a time that does not depend on how much that is; nothing is
    // written. The region outlives the store. NOA_E_INVALID: no store of this format is there.
    static noa::Result<std::unique_ptr<Store>> open(Region& region);
    // A new one, over a region that is all zeroes.
    static noa::Result<std::unique_ptr<Store>> format(Region& region, const Limits& limits,
                                                      Instant now);
    // What a region for `limits` should be: twice `bytes`, so that long runs of pages are found;
    // what is not used costs nothing.
    [[nodiscard]] static std::uint64_t region_bytes(const Limits& limits) noexcept;

    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    // Lower ones than before evict, in `upkeep` and with every value that is set. Grows the
    // region; where that fails, what there is is the limit.
    void limit(const Limits& limits);
    [[nodiscard]] const Limits& limits() const noexcept { return limits_; }

    // Namespaces. Number 0 is "default". A name is 1 to 40 bytes.
    [[nodiscard]] std::optional<SpaceId> space(std::string_view name) const noexcept;
    // Made when it is new; nothing when there are 64 already.
    std::optional<SpaceId> make_space(std::string_view name) noexcept;
    // Gives its number to the next that is made. False: it has entries or a quota, or is number 0.
    bool drop_space(SpaceId space) noexcept;
    // Over it, entries of its own go. 0: none.
    void quota(SpaceId space, std::uint64_t bytes) noexcept;
    // Nothing where there is no such namespace.
    [[nodiscard]] std::optional<SpaceFigures> figures(SpaceId space) const noexcept;

    // Counts as use, and as a hit or a miss.
    std::optional<Value> get(SpaceId space, std::string_view key, Instant now) noexcept;
    // Before a batch of gets, most_warmed at a time: has the memory come that they will touch.
    void warm(SpaceId space, std::span<const std::string_view> keys) const noexcept;
    static constexpr std::size_t most_warmed = 32;
    // As get, and what is stale but has grace is found; that counts as a miss.
    std::optional<Value> get_stale(SpaceId space, std::string_view key, Instant now) noexcept;
    // Neither use nor hit.
    [[nodiscard]] std::optional<Value> find(SpaceId space, std::string_view key,
                                            Instant now) const noexcept;
    // Replaces what was there, its end and tags included.
    Stored set(SpaceId space, std::string_view key, std::string_view value,
               const SetOptions& options, Instant now) noexcept;
    bool erase(SpaceId space, std::string_view key, Instant now) noexcept;
    // nullopt: without an end. False when absent.
    bool change_end(SpaceId space, std::string_view key, std::optional<Instant> end,
                    Instant now) noexcept;
    // Forgets a namespace: at once to see, its memory is freed by `upkeep`.
    void flush(SpaceId space, Instant now) noexcept;
    // Forgets what was set with the tag before now, in any namespace. Two tags may be one to the
    // store, at odds of one to tens of thousands.
    void invalidate(std::string_view tag) noexcept;
    // Bytes that an entry takes of its slot; 0 when absent.
    [[nodiscard]] std::uint64_t bytes_of(SpaceId space, std::string_view key,
                                         Instant now) const noexcept;

    // A round of the entries of a namespace, from cursor 0 until 0 is returned: shows a handful at
    // a time; what is there all along is shown at least once.
    template <class Visit> // void(const Shown&)
    std::uint64_t scan(SpaceId space, std::uint64_t cursor, Instant now, Visit&& visit) const {
        const Domain domain = domain_of(space);
        return index_.walk(cursor, entries_, [&](Loc loc) {
            if (entries_.head(loc).domain == domain && !over(loc, now) && !invalidated(loc)) {
                visit(shown(loc, space));
            }
        });
    }
    // The same of all namespaces at once.
    template <class Visit> // void(const Shown&)
    std::uint64_t scan_all(std::uint64_t cursor, Instant now, Visit&& visit) const {
        return index_.walk(cursor, entries_, [&](Loc loc) {
            const DomainHead& of = header().domains[entries_.head(loc).domain];
            if (of.state == DomainState::live && !over(loc, now) && !invalidated(loc)) {
                visit(shown(loc, of.space));
            }
        });
    }
    // One, as `scan` shows it.
    [[nodiscard]] std::optional<Shown> show(SpaceId space, std::string_view key,
                                            Instant now) const noexcept;

    // For snapshots: with these two, marks mean in another store what they mean here.
    [[nodiscard]] const std::array<std::uint64_t, 2>& seed() const noexcept {
        return header().seed;
    }
    // How often each tag was invalidated, as the store has it; empty: there are no tags.
    [[nodiscard]] std::string_view tag_counts() const noexcept;
    // False: it is not empty, or these are no counts.
    bool adopt_tags(const std::array<std::uint64_t, 2>& seed, std::string_view counts) noexcept;
    // Whether they could be of this store, if bytes from outside are to be `SetOptions::marks`.
    [[nodiscard]] bool are_marks(std::string_view marks) const noexcept;
    // A key that lives, near where `random` points; nothing when none is soon found.
    [[nodiscard]] std::optional<std::string_view> random_key(SpaceId space, std::uint64_t random,
                                                             Instant now) const noexcept;

    // What is due: expired, invalidated and flushed entries freed, limits kept, memory given back;
    // some `most` entries. True when there is more.
    bool upkeep(Instant now, std::size_t most) noexcept;
    // When something will be due, the past for at once; nullopt: not by itself.
    [[nodiscard]] std::optional<Instant> next_due() const noexcept;

    [[nodiscard]] std::uint64_t entries() const noexcept;
    [[nodiscard]] std::uint64_t entries(SpaceId space) const noexcept {
        return policy_.entries(domain_of(space));
    }
    // Memory of the region that is in use by anything.
    [[nodiscard]] std::uint64_t bytes() const noexcept { return pages_.held() * page_bytes; }
    [[nodiscard]] const Figures& figures() const noexcept { return memory_.header().figures; }

    // For images: no page from here on is in use, and which runs of those before are. Descriptors
    // count as in use.
    [[nodiscard]] PageNumber frontier() const noexcept { return header().pages.frontier; }
    template <class Visit> // void(PageNumber first, std::uint32_t count)
    void each_run(Visit&& visit) const {
        pages_.each_used(visit);
    }

private:
    explicit Store(Region& region) noexcept
        : memory_(region), pages_(memory_), slabs_(memory_, pages_), entries_(memory_, slabs_),
          index_(memory_, pages_), sketch_(memory_, pages_), policy_(memory_, entries_, sketch_),
          wheel_(memory_, entries_) {}

    // What a value takes in a slot.
    struct Plan {
        bool timer = false;
        bool wide = false;
        std::uint64_t end = 0; // grace included
        std::uint64_t bytes = 0;
    };
    // What stands behind the key, before the value.
    struct Extras {
        std::array<std::byte, sizeof(ExtrasHead) + most_tags * tag_bytes + times_bytes> bytes;
        std::size_t size = 0;

        [[nodiscard]] std::string_view text() const noexcept {
            return {reinterpret_cast<const char*>(bytes.data()), size};
        }
    };
    struct Content {
        Domain domain;
        std::string_view key;
        std::string_view extras;
        std::string_view value;
        Type type;
    };

    [[nodiscard]] Header& header() const noexcept { return memory_.header(); }
    [[nodiscard]] Domain domain_of(SpaceId space) const noexcept {
        return header().spaces[space].domain;
    }
    [[nodiscard]] std::uint64_t since(Instant instant) const noexcept;
    [[nodiscard]] Value value_of(Loc loc) const noexcept;
    [[nodiscard]] std::string_view marks_of(Loc loc) const noexcept;
    [[nodiscard]] Shown shown(Loc loc, SpaceId space) const noexcept {
        return {entries_.key(loc), value_of(loc), entries_.bytes(loc), space, marks_of(loc)};
    }
    [[nodiscard]] Instant grace_of(Loc loc) const noexcept;
    [[nodiscard]] bool over(Loc loc, Instant now) const noexcept; // its end has come
    [[nodiscard]] bool gone(Loc loc, Instant now) const noexcept; // its grace, too
    [[nodiscard]] bool invalidated(Loc loc) const noexcept;
    [[nodiscard]] Loc look_up(Domain domain, std::string_view key,
                              std::uint64_t hash) const noexcept;
    Loc live(Domain domain, std::string_view key, std::uint64_t hash, Instant now) noexcept;
    std::optional<Value> read(SpaceId space, std::string_view key, Instant now,
                              bool stale) noexcept;

    [[nodiscard]] Extras extras_of(const SetOptions& options, Loc before) const noexcept;
    [[nodiscard]] std::optional<std::uint64_t> end_of(const SetOptions& options,
                                                      Loc before) const noexcept;
    static Plan measure(const Content& content, std::optional<std::uint64_t> end) noexcept;
    void compose(Loc loc, const Content& content, const Plan& plan) noexcept;
    void rewrite(Loc loc, const Content& content, const Plan& plan) noexcept;
    void put(Loc loc, const Content& content, const Plan& plan, std::uint64_t hash) noexcept;
    bool relay(SpaceId space, std::string_view key, std::uint64_t hash,
               std::optional<Instant> end) noexcept;
    void substitute(Loc* place, Loc to, const Plan& plan) noexcept;
    // A slot, and a place in the index for `hash`; 0: not even by evicting.
    Loc make_room(SpaceId space, std::uint64_t hash, std::uint32_t bytes, bool one_more) noexcept;

    void remove(Loc loc, std::uint64_t hash) noexcept;
    // The bytes that came free; 0: there is nothing to evict.
    std::uint64_t evict(Domain domain, std::uint32_t incoming) noexcept;
    std::uint64_t evict_any(std::uint32_t incoming) noexcept;
    void compact(std::size_t size_class) noexcept;
    bool tags_ready() noexcept;
    bool make_tags(unsigned bits) noexcept;
    [[nodiscard]] std::uint16_t tag_slot(std::string_view tag) const noexcept;

    [[nodiscard]] bool over_limits() const noexcept;
    bool expire(std::uint64_t now, std::size_t& budget) noexcept;
    bool shrink(std::size_t& budget) noexcept;
    [[nodiscard]] bool sweep_due(std::uint64_t now) const noexcept;
    bool sweep(std::uint64_t now, std::size_t& budget) noexcept;
    std::uint64_t sweep_bucket(std::uint64_t cursor) noexcept;
    void end_sweep(std::uint64_t now) noexcept;
    bool tidy() noexcept;
    Domain unused_domain(Instant now) noexcept;

    Memory memory_;
    Pages pages_;
    Slabs slabs_;
    Entries entries_;
    Index index_;
    Sketch sketch_;
    Policy policy_;
    Wheel wheel_;
    Limits limits_;
};

} // namespace cache
