// What comes due by itself, in slices; and namespaces.
#include <algorithm>
#include <array>

#include "store.hpp"

namespace cache {

namespace {

constexpr std::uint64_t kept_pages = 64;        // freed, not given back: for who comes next
constexpr std::uint64_t pages_at_a_time = 1024; // given back, for each thousand of `most`
constexpr std::uint64_t sweep_pause_ms = 10'000;
constexpr unsigned random_steps = 1000; // buckets looked into for a key

} // namespace

void Store::limit(const Limits& limits) {
    limits_ = limits;
    limits_.bytes = std::clamp(limits.bytes, least_store_bytes, most_region_bytes / 2);
    if (!memory_.region().grow(region_bytes(limits_))) {
        limits_.bytes = std::min(limits_.bytes, memory_.region().size());
    }
    // Not below what is held: a set that comes before `upkeep` got there should succeed.
    pages_.limit(std::max(limits_.bytes / page_bytes, pages_.held()));
}

bool Store::over_limits() const noexcept {
    return pages_.limit() > limits_.bytes / page_bytes || index_.entries() > limits_.entries;
}

bool Store::upkeep(Instant now, std::size_t most) noexcept {
    std::size_t budget = most;
    const std::uint64_t at = since(now);
    bool more = expire(at, budget);
    more = sweep(at, budget) || more;
    more = shrink(budget) || more;
    more = tidy() || more;
    if (pages_.dirty() > kept_pages) {
        const std::uint64_t pages =
            std::min(pages_.dirty() - kept_pages, (most + 999) / 1000 * pages_at_a_time);
        const std::uint64_t before = pages_.dirty();
        pages_.give_back(pages);
        // A region that will not take them now is asked again with the next upkeep.
        more = (pages_.dirty() > kept_pages && pages_.dirty() < before) || more;
    }
    return more;
}

bool Store::expire(std::uint64_t now, std::size_t& budget) noexcept {
    while (const Loc loc = wheel_.next_ended(now, budget)) {
        const DomainHead& of = header().domains[entries_.head(loc).domain];
        header().figures.expirations += of.state == DomainState::live ? 1 : 0;
        remove(loc, entries_.hash_of(loc));
    }
    return budget == 0;
}

bool Store::shrink(std::size_t& budget) noexcept {
    while (over_limits() && budget > 0) {
        pages_.limit(std::max(limits_.bytes / page_bytes, pages_.held()));
        if (!over_limits()) {
            break;
        }
        if (pages_.dirty() > 0 && pages_.limit() > limits_.bytes / page_bytes) {
            const std::uint64_t before = pages_.dirty();
            pages_.give_back(pages_at_a_time);
            if (pages_.dirty() < before) {
                continue;
            }
        }
        if (evict_any(0) == 0) {
            return false;
        }
        --budget;
    }
    return over_limits();
}

bool Store::sweep_due(std::uint64_t now) const noexcept {
    const SweepHead& sweep = header().sweep;
    return sweep.begun != sweep.done || (sweep.wanted != sweep.done && now >= sweep.not_before);
}

bool Store::sweep(std::uint64_t now, std::size_t& budget) noexcept {
    SweepHead& sweep = header().sweep;
    while (budget > 0 && sweep_due(now)) {
        if (sweep.begun == sweep.done) {
            sweep.begun = sweep.wanted;
            sweep.cursor = 0;
        }
        sweep.cursor = sweep_bucket(sweep.cursor);
        budget -= std::min<std::size_t>(budget, 8);
        if (sweep.cursor == 0) {
            end_sweep(now);
        }
    }
    return sweep_due(now);
}

std::uint64_t Store::sweep_bucket(std::uint64_t cursor) noexcept {
    std::array<Loc, 128> dead; // NOLINT(cppcoreguidelines-pro-type-member-init): as many as `count`
    std::size_t count = 0;
    bool more = false;
    const std::uint64_t next = index_.walk(cursor, entries_, [&](Loc loc) {
        const DomainHead& of = header().domains[entries_.head(loc).domain];
        if (of.state == DomainState::dying || invalidated(loc)) {
            more = more || count == dead.size();
            if (!more) {
                dead[count++] = loc;
            }
        }
    });
    for (std::size_t at = 0; at < count; ++at) {
        const DomainHead& of = header().domains[entries_.head(dead[at]).domain];
        header().figures.invalidations += of.state == DomainState::live ? 1 : 0;
        remove(dead[at], entries_.hash_of(dead[at]));
    }
    // A merge by a removal may have moved what was to come to where the cursor has been; the walk
    // sees by the depth in the cursor that it has to look again.
    return more && cursor != 0 ? cursor : next;
}

void Store::end_sweep(std::uint64_t now) noexcept {
    SweepHead& sweep = header().sweep;
    sweep.done = sweep.begun;
    sweep.not_before = now + sweep_pause_ms;
    for (std::size_t number = 0; number < domain_numbers; ++number) {
        DomainHead& of = header().domains[number];
        if (of.state != DomainState::dying) {
            continue;
        }
        if (policy_.entries(static_cast<Domain>(number)) == 0) {
            of.state = DomainState::unused;
        } else { // flushed since the round began
            sweep.not_before = 0;
        }
    }
}

// One slab that is worth it.
bool Store::tidy() noexcept {
    bool done = false;
    for (std::size_t size_class = 0; size_class < size_classes; ++size_class) {
        if (slabs_.sparse(size_class, false)) {
            if (done) {
                return true;
            }
            compact(size_class);
            done = true;
        }
    }
    return done;
}

std::optional<Instant> Store::next_due() const noexcept {
    const SweepHead& sweep = header().sweep;
    if (sweep.begun != sweep.done || over_limits() || pages_.dirty() > kept_pages) {
        return Instant(0);
    }
    std::optional<std::uint64_t> due = wheel_.next_due();
    if (sweep.wanted != sweep.done) {
        due = std::min(due.value_or(UINT64_MAX), sweep.not_before);
    }
    return due ? std::optional(Instant(header().born_ms + static_cast<std::int64_t>(*due)))
               : std::nullopt;
}

std::uint64_t Store::entries() const noexcept {
    std::uint64_t count = index_.entries();
    for (std::size_t number = 0; number < domain_numbers; ++number) {
        if (header().domains[number].state == DomainState::dying) {
            count -= policy_.entries(static_cast<Domain>(number));
        }
    }
    return count;
}

std::optional<SpaceId> Store::space(std::string_view name) const noexcept {
    for (std::size_t number = 0; number < most_spaces; ++number) {
        const SpaceHead& of = header().spaces[number];
        if (of.name_size != 0 && std::string_view(of.name.data(), of.name_size) == name) {
            return static_cast<SpaceId>(number);
        }
    }
    return std::nullopt;
}

std::optional<SpaceId> Store::make_space(std::string_view name) noexcept {
    if (const auto found = space(name)) {
        return found;
    }
    if (name.empty() || name.size() > longest_space_name) {
        return std::nullopt;
    }
    for (std::size_t number = 0; number < most_spaces; ++number) {
        SpaceHead& of = header().spaces[number];
        if (of.name_size != 0) {
            continue;
        }
        of = {};
        std::memcpy(of.name.data(), name.data(), name.size());
        of.name_size = static_cast<std::uint8_t>(name.size());
        of.domain = unused_domain(Instant(header().born_ms));
        header().domains[of.domain].state = DomainState::live;
        header().domains[of.domain].space = static_cast<SpaceId>(number);
        policy_.format(of.domain);
        return static_cast<SpaceId>(number);
    }
    return std::nullopt;
}

bool Store::drop_space(SpaceId space) noexcept {
    SpaceHead& of = header().spaces[space];
    if (space == 0 || of.name_size == 0 || of.quota != 0 || policy_.entries(of.domain) != 0) {
        return false;
    }
    header().domains[of.domain].state = DomainState::unused;
    of = {};
    return true;
}

void Store::quota(SpaceId space, std::uint64_t bytes) noexcept {
    header().spaces[space].quota = bytes;
}

std::optional<SpaceFigures> Store::figures(SpaceId space) const noexcept {
    const SpaceHead& of = header().spaces[space];
    if (of.name_size == 0) {
        return std::nullopt;
    }
    return SpaceFigures{{of.name.data(), of.name_size},
                        policy_.entries(of.domain),
                        policy_.bytes(of.domain),
                        of.quota,
                        of.hits,
                        of.misses,
                        of.evictions};
}

void Store::flush(SpaceId space, Instant now) noexcept {
    SpaceHead& of = header().spaces[space];
    if (policy_.entries(of.domain) == 0) {
        return;
    }
    const Domain fresh = unused_domain(now);
    header().domains[of.domain].state = DomainState::dying;
    of.domain = fresh;
    header().domains[fresh].state = DomainState::live;
    header().domains[fresh].space = space;
    policy_.format(fresh);
    ++header().sweep.wanted;
    header().sweep.not_before = 0;
}

// With 64 namespaces there is always one, but for as many flushes within one sweep: then that is
// brought to its end first.
Domain Store::unused_domain(Instant now) noexcept {
    for (;;) {
        for (std::size_t number = 0; number < domain_numbers; ++number) {
            if (header().domains[number].state == DomainState::unused) {
                return static_cast<Domain>(number);
            }
        }
        header().sweep.not_before = 0;
        for (std::size_t budget = SIZE_MAX; sweep(since(now), budget);) {
            budget = SIZE_MAX;
        }
    }
}

std::optional<std::string_view> Store::random_key(SpaceId space, std::uint64_t random,
                                                  Instant now) const noexcept {
    std::optional<std::string_view> found;
    std::uint64_t cursor = (random & 0x7fffffffU) | 1U;
    std::uint64_t which = random >> 40U;
    for (unsigned step = 0; step < random_steps && !found; ++step) {
        unsigned shown = 0;
        const std::uint64_t next = scan(space, cursor, now, [&](const Shown& entry) {
            if (which % ++shown == 0) {
                found = entry.key;
            }
        });
        cursor = next;
        ++which;
    }
    return found;
}

} // namespace cache
