// How values come into slots, and slots to be free.
#include <algorithm>

#include "store.hpp"

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

std::string_view Store::marks_of(Loc loc) const noexcept {
    if ((entries_.head(loc).flags & flag_extras) == 0) {
        return {};
    }
    const std::byte* extras = entries_.view(loc).extras;
    return text_of(extras + sizeof(ExtrasHead), read_at<ExtrasHead>(extras).tags * tag_bytes);
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

Store::Extras Store::extras_of(const SetOptions& options, Loc before) const noexcept {
    Extras extras;
    if (before != 0 && options.keep == Keep::all) {
        if (const EntryView view = entries_.view(before); view.extras != nullptr) {
            extras.size = extras_bytes(view.extras);
            std::memcpy(extras.bytes.data(), view.extras, extras.size);
        }
        return extras;
    }
    const std::uint32_t grace_ms = options.end ? options.grace_ms : 0;
    const bool times = options.load_ms != 0 || grace_ms != 0;
    if (!times && options.tags.empty() && options.marks.empty()) {
        return extras;
    }
    const auto tags = options.tags.first(std::min(options.tags.size(), most_tags));
    const std::size_t count = tags.empty() ? options.marks.size() / tag_bytes : tags.size();
    std::byte* at = extras.bytes.data();
    write_at(
        at, ExtrasHead{static_cast<std::uint8_t>(count), static_cast<std::uint8_t>(times ? 1 : 0)});
    at += sizeof(ExtrasHead);
    if (tags.empty() && count > 0) {
        std::memcpy(at, options.marks.data(), count * tag_bytes);
        at += count * tag_bytes;
    }
    for (const std::string_view tag : tags) {
        const std::uint16_t slot = tag_slot(tag);
        write_at(at, slot);
        write_at(at + 2, memory_.page_data<std::uint32_t>(header().tags.table)[slot]);
        at += tag_bytes;
    }
    if (times) {
        write_at(at, options.load_ms);
        write_at(at + 4, grace_ms);
        at += times_bytes;
    }
    extras.size = static_cast<std::size_t>(at - extras.bytes.data());
    return extras;
}

Store::Plan Store::measure(const Content& content, std::optional<std::uint64_t> end) noexcept {
    Plan plan;
    plan.timer = end.has_value();
    plan.end = end.value_or(0);
    plan.bytes = sizeof(EntryHead) + (plan.timer ? timer_bytes : 0) +
                 (content.key.size() >= long_key ? sizeof(std::uint16_t) : 0) + content.key.size() +
                 content.extras.size() + content.value.size();
    plan.wide = plan.bytes > wide_above;
    plan.bytes += plan.wide ? sizeof(std::uint32_t) : 0;
    return plan;
}

// All of an entry but its links and its segment.
void Store::compose(Loc loc, const Content& content, const Plan& plan) noexcept {
    const bool key_is_long = content.key.size() >= long_key;
    EntryHead& head = entries_.head(loc);
    head.flags = static_cast<std::uint8_t>(
        static_cast<unsigned>(content.type) | (plan.timer ? flag_timer : 0U) |
        (plan.wide ? flag_wide : 0U) | (content.extras.empty() ? 0U : flag_extras));
    head.domain = content.domain;
    head.key_size = key_is_long ? long_key : static_cast<std::uint8_t>(content.key.size());
    head.spare = plan.wide ? 0 : static_cast<std::uint8_t>(entries_.bytes(loc) - plan.bytes);
    std::byte* at = memory_.place(loc) + sizeof head;
    if (plan.timer) {
        entries_.timer(loc).end_low = static_cast<std::uint32_t>(plan.end);
        entries_.timer(loc).end_high = static_cast<std::uint8_t>(plan.end >> 32U);
        at += timer_bytes;
    }
    if (plan.wide) {
        write_at(at, static_cast<std::uint32_t>(content.value.size()));
        at += sizeof(std::uint32_t);
    }
    if (key_is_long) {
        write_at(at, static_cast<std::uint16_t>(content.key.size()));
        at += sizeof(std::uint16_t);
    }
    for (const std::string_view part : {content.key, content.extras, content.value}) {
        if (!part.empty()) {
            std::memcpy(at, part.data(), part.size());
            at += part.size();
        }
    }
}

// In the same slot.
void Store::rewrite(Loc loc, const Content& content, const Plan& plan) noexcept {
    const EntryHead before = entries_.head(loc);
    if ((before.flags & flag_timer) != 0) {
        wheel_.remove(loc);
    }
    compose(loc, content, plan);
    set_segment(entries_.head(loc), segment_of(before));
    if (plan.timer) {
        wheel_.add(loc);
    }
}

// Into a slot of its own, for whatever the key had before.
void Store::put(Loc loc, const Content& content, const Plan& plan, std::uint64_t hash) noexcept {
    compose(loc, content, plan);
    Loc* place =
        index_.find(hash, [&](Loc at) { return entries_.is(at, content.domain, content.key); });
    if (place != nullptr) {
        substitute(place, loc, plan);
        policy_.use(loc, hash);
        return;
    }
    index_.insert(hash, loc);
    policy_.add(loc, hash);
    if (plan.timer) {
        wheel_.add(loc);
    }
    if (index_.entries() % 1024 == 0) {
        sketch_.fit(index_.entries());
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
    const auto content = [&](Loc loc) {
        const EntryView view = entries_.view(loc);
        return Content{view.head().domain, key,
                       text_of(view.extras, view.extras == nullptr ? 0 : extras_bytes(view.extras)),
                       view.value_text(), static_cast<Type>(view.head().flags & flag_type)};
    };
    const Domain domain = domain_of(space);
    const Loc before = look_up(domain, key, hash);
    const auto total = end ? std::optional(since(*end + grace_of(before))) : std::nullopt;
    const Plan needed = measure(content(before), total);
    const Loc to = make_room(space, hash, static_cast<std::uint32_t>(needed.bytes), false);
    if (to == 0) {
        return false;
    }
    Loc* place = index_.find(hash, [&](Loc loc) { return entries_.is(loc, domain, key); });
    if (place == nullptr) { // it was the one that had to go
        slabs_.put(to);
        return false;
    }
    compose(to, content(*place), needed);
    substitute(place, to, needed);
    return true;
}

Loc Store::make_room(SpaceId space, std::uint64_t hash, std::uint32_t bytes,
                     bool one_more) noexcept {
    const Domain domain = domain_of(space);
    const std::uint64_t quota = header().spaces[space].quota;
    while (quota != 0 && policy_.bytes(domain) + bytes > quota && evict(domain, bytes) != 0) {}
    while (one_more && index_.entries() >= limits_.entries && evict_any(bytes) != 0) {}
    const std::uint64_t enough = bytes * spared + spared_bytes;
    std::uint64_t freed = 0;
    for (;;) {
        if (index_.make_room(hash, entries_)) {
            if (const Loc loc = slabs_.take(bytes); loc != 0) {
                return loc;
            }
        }
        const std::uint64_t more = freed > enough ? 0 : evict_any(bytes);
        if (more == 0) {
            return 0;
        }
        freed += more;
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

std::uint64_t Store::evict(Domain domain, std::uint32_t incoming) noexcept {
    const Loc loc = policy_.victim(domain, incoming);
    if (loc == 0) {
        return 0;
    }
    const DomainHead& of = header().domains[domain];
    if (of.state == DomainState::live) {
        ++header().figures.evictions;
        ++header().spaces[of.space].evictions;
    }
    const std::size_t size_class = slabs_.class_at(loc);
    const std::uint64_t bytes = slabs_.slot_bytes(loc);
    remove(loc, entries_.hash_of(loc));
    if (size_class < size_classes && slabs_.sparse(size_class, true)) {
        compact(size_class);
    }
    return bytes;
}

std::uint64_t Store::evict_any(std::uint32_t incoming) noexcept {
    const auto domain = policy_.poorest();
    return domain ? evict(*domain, incoming) : 0;
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
