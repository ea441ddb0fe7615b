// How values come into slots, and slots to be free.
#include <algorithm>

#include "store/store.hpp"

namespace cache {

namespace {

// What one value may evict, before it is told that there is no room: room that is free but not in
// one piece is found by then.
constexpr std::uint64_t spared = 8;
constexpr std::uint64_t spared_bytes = 4U << 20U;

std::string_view text_of(const std::byte* at, std::size_t size) noexcept {
    return {reinterpret_cast<const char*>(at), size};
}

} // namespace

Instant Store::grace_of(Loc loc) const noexcept {
    const EntryView view = entries_.view(loc);
    if (view.extras == nullptr) {
        return Instant(0);
    }
    const auto head = read_at<ExtrasHead>(view.extras);
    return head.times == 0 ? Instant(0)
                           : Instant(read_at<std::uint32_t>(view.extras + sizeof head +
                                                            head.tags * tag_bytes + 4));
}

bool Store::over(Loc loc, Instant now) const noexcept {
    const std::uint8_t flags = entries_.head(loc).flags;
    if ((flags & flag_timer) == 0) {
        return false;
    }
    const std::uint64_t end = entries_.timer(loc).end();
    const std::uint64_t at = since(now);
    if (end <= at || (flags & flag_extras) == 0) {
        return end <= at;
    }
    return end <= at + static_cast<std::uint64_t>(grace_of(loc).count());
}

bool Store::gone(Loc loc, Instant now) const noexcept {
    return (entries_.head(loc).flags & flag_timer) != 0 && entries_.timer(loc).end() <= since(now);
}

bool Store::invalidated(Loc loc) const noexcept {
    if ((entries_.head(loc).flags & flag_extras) == 0) {
        return false;
    }
    const EntryView view = entries_.view(loc);
    const auto head = read_at<ExtrasHead>(view.extras);
    const std::byte* at = view.extras + sizeof head;
    const auto* table = memory_.page_data<std::uint32_t>(header().tags.table);
    for (unsigned tag = 0; tag < head.tags; ++tag, at += tag_bytes) {
        if (table[read_at<std::uint16_t>(at)] != read_at<std::uint32_t>(at + 2)) {
            return true;
        }
    }
    return false;
}

Value Store::value_of(Loc loc) const noexcept {
    const EntryView view = entries_.view(loc);
    Value value{.bytes = view.value_text(),
                .type = static_cast<Type>(view.head().flags & flag_type)};
    if (view.extras != nullptr) {
        const auto head = read_at<ExtrasHead>(view.extras);
        if (head.times != 0) {
            const std::byte* times = view.extras + sizeof head + head.tags * tag_bytes;
            value.load_ms = read_at<std::uint32_t>(times);
            value.grace = Instant(read_at<std::uint32_t>(times + 4));
        }
    }
    if ((view.head().flags & flag_timer) != 0) {
        value.end =
            Instant(header().born_ms + static_cast<std::int64_t>(entries_.timer(loc).end())) -
            value.grace;
    }
    return value;
}

Store::Plan Store::plan(std::string_view key, std::string_view value,
                        const SetOptions& options) const noexcept {
    Plan plan;
    plan.timer = options.end.has_value();
    plan.times = options.load_ms != 0 || (plan.timer && options.grace_ms != 0);
    plan.extras = plan.times || !options.tags.empty();
    if (plan.timer) {
        plan.end = since(*options.end + Instant(options.grace_ms));
    }
    const std::size_t extras = sizeof(ExtrasHead) +
                               std::min(options.tags.size(), most_tags) * tag_bytes +
                               (plan.times ? times_bytes : 0);
    measure(plan, key.size(), plan.extras ? extras : 0, value.size());
    return plan;
}

void Store::measure(Plan& plan, std::size_t key, std::size_t extras, std::size_t value) noexcept {
    plan.bytes = sizeof(EntryHead) + (plan.timer ? timer_bytes : 0) +
                 (key >= long_key ? sizeof(std::uint16_t) : 0) + key + extras + value;
    plan.wide = plan.bytes > wide_above;
    plan.bytes += plan.wide ? sizeof(std::uint32_t) : 0;
}

std::size_t Store::write_extras(ExtrasText& into, const SetOptions& options,
                                const Plan& plan) const noexcept {
    if (!plan.extras) {
        return 0;
    }
    const auto tags = options.tags.first(std::min(options.tags.size(), most_tags));
    write_at(into.data(), ExtrasHead{static_cast<std::uint8_t>(tags.size()),
                                     static_cast<std::uint8_t>(plan.times ? 1 : 0)});
    std::byte* at = into.data() + sizeof(ExtrasHead);
    for (const std::string_view tag : tags) {
        const std::uint16_t slot = tag_slot(tag);
        write_at(at, slot);
        write_at(at + 2, memory_.page_data<std::uint32_t>(header().tags.table)[slot]);
        at += tag_bytes;
    }
    if (plan.times) {
        write_at(at, options.load_ms);
        write_at(at + 4, plan.timer ? options.grace_ms : 0);
        at += times_bytes;
    }
    return static_cast<std::size_t>(at - into.data());
}

// All of an entry but its links and its segment.
void Store::compose(Loc loc, Domain domain, std::string_view key, std::string_view extras,
                    std::string_view value, Type type, const Plan& plan) noexcept {
    EntryHead& head = entries_.head(loc);
    head.flags = static_cast<std::uint8_t>(
        static_cast<unsigned>(type) | (plan.timer ? flag_timer : 0U) |
        (plan.wide ? flag_wide : 0U) | (extras.empty() ? 0U : flag_extras));
    head.domain = domain;
    head.key_size = key.size() >= long_key ? long_key : static_cast<std::uint8_t>(key.size());
    head.spare = plan.wide ? 0 : static_cast<std::uint8_t>(entries_.bytes(loc) - plan.bytes);
    std::byte* at = memory_.place(loc) + sizeof head;
    if (plan.timer) {
        entries_.timer(loc).end_low = static_cast<std::uint32_t>(plan.end);
        entries_.timer(loc).end_high = static_cast<std::uint8_t>(plan.end >> 32U);
        at += timer_bytes;
    }
    if (plan.wide) {
        write_at(at, static_cast<std::uint32_t>(value.size()));
        at += sizeof(std::uint32_t);
    }
    if (head.key_size == long_key) {
        write_at(at, static_cast<std::uint16_t>(key.size()));
        at += sizeof(std::uint16_t);
    }
    for (const std::string_view part : {key, extras, value}) {
        if (!part.empty()) {
            std::memcpy(at, part.data(), part.size());
            at += part.size();
        }
    }
}

void Store::write(Loc loc, Domain domain, std::string_view key, std::string_view value,
                  const SetOptions& options, const Plan& plan) noexcept {
    ExtrasText extras; // NOLINT(cppcoreguidelines-pro-type-member-init): as much as is used
    const std::size_t size = write_extras(extras, options, plan);
    compose(loc, domain, key, text_of(extras.data(), size), value, options.type, plan);
}

// In the same slot.
void Store::rewrite(Loc loc, std::string_view key, std::string_view value,
                    const SetOptions& options, const Plan& plan) noexcept {
    const EntryHead before = entries_.head(loc);
    if ((before.flags & flag_timer) != 0) {
        wheel_.remove(loc);
    }
    write(loc, before.domain, key, value, options, plan);
    set_segment(entries_.head(loc), segment_of(before));
    if (plan.timer) {
        wheel_.add(loc);
    }
}

// Puts an entry that lies at `to` into the place of another.
void Store::substitute(Loc* place, Loc to, const Plan& plan) noexcept {
    const Loc from = *place;
    const EntryHead before = entries_.head(from);
    if ((before.flags & flag_timer) != 0) {
        wheel_.remove(from);
    }
    EntryHead& head = entries_.head(to);
    head.prev = before.prev;
    head.next = before.next;
    set_segment(head, segment_of(before));
    *place = to;
    policy_.replaced(to, entries_.bytes(from));
    slabs_.put(from);
    if (plan.timer) {
        wheel_.add(to);
    }
}

// Gives an entry an end, or takes it: it needs another slot for that.
bool Store::relay(SpaceId space, std::string_view key, std::uint64_t hash,
                  std::optional<Instant> end) noexcept {
    const auto same = [&](Loc loc) { return entries_.is(loc, domain_of(space), key); };
    const EntryView before = entries_.view(*index_.find(hash, same));
    Plan needed;
    needed.timer = end.has_value();
    const std::size_t extras = before.extras == nullptr ? 0 : extras_bytes(before.extras);
    measure(needed, key.size(), extras, before.value_size);
    const Loc to = make_room(space, hash, static_cast<std::uint32_t>(needed.bytes), false);
    Loc* place = index_.find(hash, same);
    if (to == 0 || place == nullptr) { // it was the one that had to go
        if (to != 0) {
            slabs_.put(to);
        }
        return false;
    }
    needed.end = end ? since(*end + grace_of(*place)) : 0;
    const EntryView view = entries_.view(*place);
    compose(to, view.head().domain, key, text_of(view.extras, extras), view.value_text(),
            static_cast<Type>(view.head().flags & flag_type), needed);
    substitute(place, to, needed);
    return true;
}

Loc Store::make_room(SpaceId space, std::uint64_t hash, std::uint32_t bytes,
                     bool one_more) noexcept {
    const Domain domain = domain_of(space);
    const std::uint64_t quota = header().spaces[space].quota;
    while (quota != 0 && policy_.bytes(domain) + bytes > quota && evict(domain, bytes)) {}
    while (one_more && index_.entries() >= limits_.entries && evict_any(bytes)) {}
    const std::uint64_t enough = bytes * spared + spared_bytes;
    std::uint64_t freed = 0;
    for (;;) {
        if (index_.make_room(hash, entries_)) {
            if (const Loc loc = slabs_.take(bytes); loc != 0) {
                return loc;
            }
        }
        if (freed > enough || !evict_any(bytes)) {
            return 0;
        }
        freed += bytes / spared + 1;
    }
}

void Store::remove(Loc loc, std::uint64_t hash) noexcept {
    index_.erase(hash, index_.find(hash, loc), entries_);
    policy_.remove(loc);
    if ((entries_.head(loc).flags & flag_timer) != 0) {
        wheel_.remove(loc);
    }
    slabs_.put(loc);
}

bool Store::evict(Domain domain, std::uint32_t incoming) noexcept {
    const Loc loc = policy_.victim(domain, incoming);
    if (loc == 0) {
        return false;
    }
    const DomainHead& of = header().domains[domain];
    if (of.state == DomainState::live) {
        ++header().figures.evictions;
        ++header().spaces[of.space].evictions;
    }
    const std::size_t size_class = slabs_.class_at(loc);
    remove(loc, entries_.hash_of(loc));
    if (size_class < size_classes && slabs_.sparse(size_class, true)) {
        compact(size_class);
    }
    return true;
}

bool Store::evict_any(std::uint32_t incoming) noexcept {
    const auto domain = policy_.poorest();
    return domain && evict(*domain, incoming);
}

void Store::compact(std::size_t size_class) noexcept {
    slabs_.compact(size_class, [this](Loc from, Loc to) {
        *index_.find(entries_.hash_of(to), from) = to;
        policy_.moved(to);
        if ((entries_.head(to).flags & flag_timer) != 0) {
            wheel_.moved(to);
        }
    });
}

} // namespace cache
