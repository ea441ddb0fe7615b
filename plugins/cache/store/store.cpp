#include "store.hpp"

#include <sys/random.h>

#include <algorithm>
#include <utility>

namespace cache {

namespace {

constexpr unsigned tag_bits = 14;
constexpr unsigned tag_bits_of_small = 10; // a page
constexpr std::uint64_t small_bytes = 8U << 20U;
constexpr std::uint64_t parts_of_largest = 4; // of the store

} // namespace

std::uint64_t Store::region_bytes(const Limits& limits) noexcept {
    const std::uint64_t wanted = std::max(limits.bytes, least_store_bytes) * 2;
    // The descriptors of a chunk come on top.
    return std::min(wanted + (wanted / (48U << 20U) + 1) * descriptor_pages * page_bytes,
                    most_region_bytes - page_bytes);
}

noa::Result<std::unique_ptr<Store>> Store::open(Region& region) {
    std::unique_ptr<Store> store(new Store(region));
    if (region.size() < region_bytes({least_store_bytes}) / 2) {
        return noa::invalid("the region is too small for a store");
    }
    const Header& header = store->header();
    if (header.magic != format_magic || header.version != format_version ||
        header.header_bytes != sizeof(Header) ||
        std::uint64_t{header.pages.frontier} * page_bytes > region.size()) {
        return noa::invalid("the region holds no store of format " +
                            std::to_string(format_version));
    }
    store->limits_.bytes = header.pages.most * page_bytes;
    return store;
}

noa::Result<std::unique_ptr<Store>> Store::format(Region& region, const Limits& limits,
                                                  Instant now) {
    if (region.size() < (first_page + 64) * page_bytes || region.size() >= most_region_bytes) {
        return noa::invalid("a region of " + std::to_string(region.size()) +
                            " bytes is no place for a store");
    }
    std::unique_ptr<Store> store(new Store(region));
    Header& header = store->header();
    header.born_ms = now.count();
    if (::getrandom(header.seed.data(), sizeof header.seed, 0) != sizeof header.seed) {
        return noa::failed("no random numbers for the seed");
    }
    header.random = header.seed[0] | 1U;
    store->pages_.format();
    store->limit(limits);
    if (!store->index_.format() || !store->sketch_.format()) {
        return noa::failed("no room for the index");
    }
    store->make_space("default");
    header.version = format_version;
    header.header_bytes = sizeof(Header);
    header.magic = format_magic;
    return store;
}

std::uint64_t Store::since(Instant instant) const noexcept {
    return static_cast<std::uint64_t>(
        std::clamp<std::int64_t>(instant.count() - header().born_ms, 0, last_end));
}

Loc Store::look_up(Domain domain, std::string_view key, std::uint64_t hash) const noexcept {
    const Loc* place = index_.find(hash, [&](Loc loc) { return entries_.is(loc, domain, key); });
    return place != nullptr ? *place : 0;
}

// What is found dead is freed.
Loc Store::live(Domain domain, std::string_view key, std::uint64_t hash, Instant now) noexcept {
    const Loc loc = look_up(domain, key, hash);
    if (loc == 0) {
        return 0;
    }
    if (gone(loc, now)) {
        ++header().figures.expirations;
    } else if (invalidated(loc)) {
        ++header().figures.invalidations;
    } else {
        return loc;
    }
    remove(loc, hash);
    return 0;
}

std::optional<Value> Store::read(SpaceId space, std::string_view key, Instant now,
                                 bool stale) noexcept {
    const Domain domain = domain_of(space);
    const std::uint64_t hash = entries_.hash(domain, key);
    index_.prefetch(hash);
    sketch_.prefetch(hash);
    const Loc loc = live(domain, key, hash, now);
    const bool is_over = loc != 0 && over(loc, now);
    if (loc == 0 || is_over) {
        ++header().figures.misses;
        ++header().spaces[space].misses;
        policy_.miss(domain);
        return is_over && stale ? std::optional(value_of(loc)) : std::nullopt;
    }
    ++header().figures.hits;
    ++header().spaces[space].hits;
    policy_.use(loc, hash);
    return value_of(loc);
}

void Store::warm(SpaceId space, std::span<const std::string_view> keys) const noexcept {
    const Domain domain = domain_of(space);
    std::array<std::uint64_t, most_warmed> hashes; // NOLINT(cppcoreguidelines-pro-type-member-init)
    keys = keys.first(std::min(keys.size(), most_warmed));
    for (std::size_t at = 0; at < keys.size(); ++at) {
        hashes[at] = entries_.hash(domain, keys[at]);
        index_.prefetch(hashes[at]);
        sketch_.prefetch(hashes[at]);
    }
    for (std::size_t at = 0; at < keys.size(); ++at) {
        if (const Loc loc = index_.likely(hashes[at]); loc != 0) {
            const std::byte* entry = memory_.place(loc);
            __builtin_prefetch(entry, 1);
            __builtin_prefetch(entry + 64);
        }
    }
}

std::optional<Value> Store::get(SpaceId space, std::string_view key, Instant now) noexcept {
    return read(space, key, now, false);
}

std::optional<Value> Store::get_stale(SpaceId space, std::string_view key, Instant now) noexcept {
    return read(space, key, now, true);
}

std::optional<Value> Store::find(SpaceId space, std::string_view key, Instant now) const noexcept {
    const Domain domain = domain_of(space);
    const Loc loc = look_up(domain, key, entries_.hash(domain, key));
    return loc == 0 || over(loc, now) || invalidated(loc) ? std::nullopt
                                                          : std::optional(value_of(loc));
}

std::optional<Shown> Store::show(SpaceId space, std::string_view key, Instant now) const noexcept {
    const Domain domain = domain_of(space);
    const Loc loc = look_up(domain, key, entries_.hash(domain, key));
    return loc == 0 || over(loc, now) || invalidated(loc) ? std::nullopt
                                                          : std::optional(shown(loc, space));
}

std::uint64_t Store::bytes_of(SpaceId space, std::string_view key, Instant now) const noexcept {
    const Domain domain = domain_of(space);
    const Loc loc = look_up(domain, key, entries_.hash(domain, key));
    return loc == 0 || over(loc, now) || invalidated(loc) ? 0 : entries_.bytes(loc);
}

Stored Store::set(SpaceId space, std::string_view key, std::string_view value,
                  const SetOptions& options, Instant now) noexcept {
    if (key.size() > longest_key || value.size() > longest_value) {
        return Stored::too_large;
    }
    const Domain domain = domain_of(space);
    const std::uint64_t hash = entries_.hash(domain, key);
    Loc old = live(domain, key, hash, now);
    const bool present = old != 0 && !over(old, now);
    if (options.when != When::always && present != (options.when == When::present)) {
        return Stored::no;
    }
    if (!options.tags.empty() && !tags_ready()) {
        return Stored::no_room;
    }
    old = look_up(domain, key, hash); // the tags' table may have cost it its place
    const Extras extras = extras_of(options, present ? old : 0);
    const Content content{domain, key, extras.text(), value, options.type};
    const Plan needed = measure(content, end_of(options, present ? old : 0));
    const auto slot = Slabs::slot_bytes_for(static_cast<std::uint32_t>(needed.bytes));
    const std::uint64_t quota = header().spaces[space].quota;
    if (slot > limits_.bytes / parts_of_largest || (quota != 0 && slot > quota)) {
        return Stored::too_large;
    }
    if (old != 0 && entries_.bytes(old) == slot) {
        rewrite(old, content, needed);
        policy_.use(old, hash);
        return Stored::yes;
    }
    const Loc loc = make_room(space, hash, slot, old == 0);
    if (loc == 0) {
        return Stored::no_room;
    }
    put(loc, content, needed, hash);
    return Stored::yes;
}

// Grace included, as it is kept.
std::optional<std::uint64_t> Store::end_of(const SetOptions& options, Loc before) const noexcept {
    if (before != 0 && options.keep != Keep::nothing) {
        const bool timer = (entries_.head(before).flags & flag_timer) != 0;
        const Instant grace = options.keep == Keep::all ? Instant(0) : grace_of(before);
        return timer ? std::optional(entries_.timer(before).end() -
                                     static_cast<std::uint64_t>(grace.count()))
                     : std::nullopt;
    }
    return options.end ? std::optional(since(*options.end + Instant(options.grace_ms)))
                       : std::nullopt;
}

bool Store::erase(SpaceId space, std::string_view key, Instant now) noexcept {
    const Domain domain = domain_of(space);
    const std::uint64_t hash = entries_.hash(domain, key);
    const Loc loc = live(domain, key, hash, now);
    if (loc == 0) {
        return false;
    }
    const bool was = !over(loc, now);
    remove(loc, hash);
    return was;
}

bool Store::change_end(SpaceId space, std::string_view key, std::optional<Instant> end,
                       Instant now) noexcept {
    const Domain domain = domain_of(space);
    const std::uint64_t hash = entries_.hash(domain, key);
    const Loc loc = live(domain, key, hash, now);
    if (loc == 0 || over(loc, now)) {
        return false;
    }
    const bool has_end = (entries_.head(loc).flags & flag_timer) != 0;
    if (has_end && end) {
        const std::uint64_t total = since(*end + grace_of(loc));
        wheel_.remove(loc);
        entries_.timer(loc).end_low = static_cast<std::uint32_t>(total);
        entries_.timer(loc).end_high = static_cast<std::uint8_t>(total >> 32U);
        wheel_.add(loc);
        return true;
    }
    if (!has_end && !end) {
        return true;
    }
    return relay(space, key, hash, end);
}

bool Store::tags_ready() noexcept {
    TagsHead& tags = header().tags;
    if (tags.table != 0) {
        return true;
    }
    return make_tags(limits_.bytes < small_bytes ? tag_bits_of_small : tag_bits);
}

bool Store::make_tags(unsigned bits) noexcept {
    TagsHead& tags = header().tags;
    const std::uint64_t bytes = sizeof(std::uint32_t) << bits;
    for (;;) {
        if (const auto table = pages_.take(static_cast<std::uint32_t>(bytes / page_bytes))) {
            std::memset(memory_.page_data<std::byte>(*table), 0, bytes);
            tags = {*table, bits, 0};
            return true;
        }
        if (evict_any(0) == 0) {
            return false;
        }
    }
}

std::string_view Store::tag_counts() const noexcept {
    const TagsHead& tags = header().tags;
    return tags.table == 0 ? std::string_view()
                           : std::string_view(memory_.page_data<char>(tags.table),
                                              sizeof(std::uint32_t) << tags.bits);
}

bool Store::adopt_tags(const std::array<std::uint64_t, 2>& seed, std::string_view counts) noexcept {
    if (index_.entries() != 0 || header().tags.table != 0) {
        return false;
    }
    if (!counts.empty()) {
        const unsigned bits =
            counts.size() == sizeof(std::uint32_t) << tag_bits ? tag_bits : tag_bits_of_small;
        if (counts.size() != sizeof(std::uint32_t) << bits || !make_tags(bits)) {
            return false;
        }
        std::memcpy(memory_.page_data<char>(header().tags.table), counts.data(), counts.size());
    }
    header().seed = seed;
    return true;
}

bool Store::are_marks(std::string_view marks) const noexcept {
    if (marks.size() % tag_bytes != 0 || marks.size() > most_tags * tag_bytes ||
        (!marks.empty() && header().tags.table == 0)) {
        return false;
    }
    for (std::size_t at = 0; at < marks.size(); at += tag_bytes) {
        const auto* bytes = reinterpret_cast<const std::byte*>(marks.data() + at);
        if (read_at<std::uint16_t>(bytes) >> header().tags.bits != 0) {
            return false;
        }
    }
    return true;
}

std::uint16_t Store::tag_slot(std::string_view tag) const noexcept {
    const std::uint64_t hash = SipHash(header().seed, 0x7461675fU)(tag);
    return static_cast<std::uint16_t>(hash & ((1U << header().tags.bits) - 1));
}

void Store::invalidate(std::string_view tag) noexcept {
    TagsHead& tags = header().tags;
    if (tags.table == 0) {
        return; // nothing has one
    }
    ++memory_.page_data<std::uint32_t>(tags.table)[tag_slot(tag)];
    ++tags.invalidations;
    ++header().sweep.wanted;
}

} // namespace cache
