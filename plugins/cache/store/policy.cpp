#include "policy.hpp"

#include <algorithm>
#include <cmath>

namespace cache {

namespace {

constexpr double first_window = 0.01;
constexpr double least_window = 0.005;
constexpr double most_window = 0.8;
constexpr double guarded_part = 0.8; // of what is not window
// Climbing, as Caffeine has it: a sample of ten times the entries; steps that shrink, and start
// anew when the rate of hits leaps.
constexpr double first_step = 0.0625;
constexpr double step_decay = 0.98;
constexpr double leap = 0.05;
constexpr std::uint64_t sample_of_entry = 10;
constexpr std::uint64_t least_sample = 1000;
// A candidate seen this often is let in now and then though its rival was seen as often: nobody
// can keep others out for ever by asking for a few keys all the time.
constexpr unsigned warm = 6;
constexpr std::uint64_t let_in = 128;

constexpr auto at_window = static_cast<std::size_t>(Segment::window);
constexpr auto at_probation = static_cast<std::size_t>(Segment::probation);
constexpr auto at_guarded = static_cast<std::size_t>(Segment::guarded);

std::uint64_t all_bytes(const DomainHead& of) noexcept {
    return of.lists[0].bytes + of.lists[1].bytes + of.lists[2].bytes;
}
std::uint64_t window_bytes(const DomainHead& of) noexcept {
    return static_cast<std::uint64_t>(of.climber.window * static_cast<double>(all_bytes(of)));
}
std::uint64_t all_entries(const DomainHead& of) noexcept {
    return of.lists[0].entries + of.lists[1].entries + of.lists[2].entries;
}

} // namespace

void Policy::format(Domain number) noexcept {
    DomainHead& of = domain(number);
    of.lists = {};
    of.climber = {first_window, -first_step, 0, 0, 0};
}

std::uint64_t Policy::bytes(Domain number) const noexcept {
    return all_bytes(domain(number));
}
std::uint64_t Policy::entries(Domain number) const noexcept {
    return all_entries(domain(number));
}

void Policy::add(Loc loc, std::uint64_t hash) noexcept {
    sketch_->count(hash);
    push(loc, Segment::window);
    drain(domain(entries_->head(loc).domain));
}

void Policy::remove(Loc loc) noexcept {
    unlink(loc);
}

void Policy::use(Loc loc, std::uint64_t hash) noexcept {
    const EntryHead& head = entries_->head(loc);
    // Its neighbours lie anywhere: they are on their way while the sketch counts.
    __builtin_prefetch(&entries_->head(head.prev), 1);
    __builtin_prefetch(&entries_->head(head.next), 1);
    sketch_->count(hash);
    DomainHead& of = domain(head.domain);
    ++of.climber.hits;
    ++of.climber.requests;
    if (segment_of(head) == Segment::probation) {
        guard(of, loc);
    } else {
        touch(loc);
    }
    climb(of);
}

void Policy::miss(Domain number) noexcept {
    DomainHead& of = domain(number);
    ++of.climber.requests;
    climb(of);
}

void Policy::moved(Loc to) noexcept {
    const EntryHead& head = entries_->head(to);
    List& list = list_of(to);
    (head.prev != 0 ? entries_->head(head.prev).next : list.head) = to;
    (head.next != 0 ? entries_->head(head.next).prev : list.tail) = to;
}

void Policy::replaced(Loc to, std::uint32_t bytes_before) noexcept {
    moved(to);
    list_of(to).bytes += entries_->bytes(to) - std::uint64_t{bytes_before};
}

Loc Policy::settled(const DomainHead& of) noexcept {
    const Loc probation = of.lists[at_probation].tail;
    return probation != 0 ? probation : of.lists[at_guarded].tail;
}

Loc Policy::victim(Domain number, std::uint32_t incoming) noexcept {
    DomainHead& of = domain(number);
    const Loc rival = settled(of);
    const Loc in_window = of.lists[at_window].tail;
    if (rival == 0) {
        return in_window;
    }
    if (in_window != 0 && of.lists[at_window].bytes + incoming > window_bytes(of)) {
        if (!admits(in_window, rival)) {
            return in_window;
        }
        unlink(in_window);
        push(in_window, Segment::probation);
        return rival;
    }
    // What left the window while there was room was not compared then.
    const Loc newest = of.lists[at_probation].head;
    return newest == 0 || newest == rival || admits(newest, rival) ? rival : newest;
}

std::optional<Domain> Policy::poorest() const noexcept {
    std::optional<Domain> found;
    std::optional<unsigned> least; // known once there are two
    const auto seen = [this](const DomainHead& of) {
        const Loc last = settled(of);
        return sketch_->frequency(entries_->hash_of(last != 0 ? last : of.lists[at_window].tail));
    };
    for (std::size_t number = 0; number < domain_numbers; ++number) {
        const DomainHead& of = memory_.header().domains[number];
        const auto id = static_cast<Domain>(number);
        if (of.state == DomainState::unused || all_entries(of) == 0) {
            continue;
        }
        if (of.state == DomainState::dying) {
            return id;
        }
        if (!found) {
            found = id;
            continue;
        }
        const unsigned before = least ? *least : seen(domain(*found));
        const unsigned here = seen(of);
        const bool poorer = here < before || (here == before && all_bytes(of) > bytes(*found));
        least = poorer ? here : before;
        found = poorer ? id : *found;
    }
    return found;
}

void Policy::push(Loc loc, Segment segment) noexcept {
    EntryHead& head = entries_->head(loc);
    set_segment(head, segment);
    List& list = list_of(loc);
    head.prev = 0;
    head.next = list.head;
    (list.head != 0 ? entries_->head(list.head).prev : list.tail) = loc;
    list.head = loc;
    list.bytes += entries_->bytes(loc);
    ++list.entries;
}

void Policy::unlink(Loc loc) noexcept {
    const EntryHead& head = entries_->head(loc);
    List& list = list_of(loc);
    (head.prev != 0 ? entries_->head(head.prev).next : list.head) = head.next;
    (head.next != 0 ? entries_->head(head.next).prev : list.tail) = head.prev;
    list.bytes -= entries_->bytes(loc);
    --list.entries;
}

// To the front of its list.
void Policy::touch(Loc loc) noexcept {
    EntryHead& head = entries_->head(loc);
    if (head.prev == 0) {
        return;
    }
    List& list = list_of(loc);
    entries_->head(head.prev).next = head.next;
    (head.next != 0 ? entries_->head(head.next).prev : list.tail) = head.prev;
    head.prev = 0;
    head.next = list.head;
    entries_->head(list.head).prev = loc;
    list.head = loc;
}

void Policy::guard(DomainHead& of, Loc loc) noexcept {
    unlink(loc);
    push(loc, Segment::guarded);
    const List& guarded = of.lists[at_guarded];
    const auto most = static_cast<std::uint64_t>(
        guarded_part * static_cast<double>(of.lists[at_probation].bytes + guarded.bytes));
    while (guarded.bytes > most && guarded.entries > 1) {
        const Loc last = guarded.tail;
        unlink(last);
        push(last, Segment::probation);
    }
}

// What the window has too much. A few at a time: a window that became smaller is not emptied in
// one call.
void Policy::drain(DomainHead& of) noexcept {
    const List& window = of.lists[at_window];
    const std::uint64_t most = window_bytes(of);
    for (unsigned moved = 0; moved < 4 && window.bytes > most && window.entries > 1; ++moved) {
        const Loc last = window.tail;
        unlink(last);
        push(last, Segment::probation);
    }
}

bool Policy::admits(Loc candidate, Loc victim) noexcept {
    const unsigned mine = sketch_->frequency(entries_->hash_of(candidate));
    const unsigned rival = sketch_->frequency(entries_->hash_of(victim));
    if (mine > rival) {
        return true;
    }
    std::uint64_t& random = memory_.header().random;
    random ^= random << 13U;
    random ^= random >> 7U;
    random ^= random << 17U;
    return mine >= warm && random % let_in == 0;
}

void Policy::climb(DomainHead& of) noexcept {
    Climber& climber = of.climber;
    const std::uint64_t sample = std::max(least_sample, all_entries(of) * sample_of_entry);
    if (climber.requests < sample) {
        return;
    }
    const double rate = static_cast<double>(climber.hits) / static_cast<double>(climber.requests);
    const double change = rate - climber.rate;
    const double amount = change >= 0 ? climber.step : -climber.step;
    climber.step =
        std::abs(change) >= leap ? std::copysign(first_step, amount) : amount * step_decay;
    climber.window = std::clamp(climber.window + amount, least_window, most_window);
    climber.rate = rate;
    climber.hits = climber.requests = 0;
}

} // namespace cache
