#include "leases.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "noa/sdk/json_text.hpp"

namespace cache {

namespace {

constexpr std::size_t longest_token = 64;

} // namespace

std::string load_reply(std::string_view token, Instant length, std::string_view stale) {
    std::string body(stale.empty() ? R"({"found":false)" : stale);
    body.append(R"(,"load":true,"lease":")").append(token).append(R"(","lease_s":)");
    noa::sdk::append_json(body, std::chrono::duration<double>(length).count());
    body += '}';
    return body;
}

bool Leases::loading(SpaceId space, std::string_view key) const {
    return all_.contains(Name(space, key));
}

noa::Result<std::string> Leases::give(SpaceId space, std::string_view key, Instant now,
                                      Instant length) {
    if (all_.size() >= most_leases) {
        return noa::busy(std::to_string(all_.size()) + " keys are being loaded already");
    }
    Lease lease{.token = make_token(), .begun = now, .end = now + length};
    std::string token = lease.token;
    add(Name(space, key), std::move(lease));
    ++figures_.loads;
    return token;
}

void Leases::wait(SpaceId space, std::string_view key, Waiter waiter) {
    if (waiting_ >= most_waiting) {
        waiter.responder.fail(noa::busy(std::to_string(waiting_) + " callers wait already"));
        return;
    }
    ++waiting_;
    ++figures_.avoided;
    all_.find(Name(space, key))->second.lease.waiting.push_back(std::move(waiter));
}

std::optional<Leases::Lease> Leases::take(SpaceId space, std::string_view key,
                                          std::string_view token) {
    const auto found = all_.find(Name(space, key));
    return found == all_.end() || token.empty() || found->second.lease.token != token ? std::nullopt
                                                                                      : take(found);
}

std::optional<Leases::Lease> Leases::take(SpaceId space, std::string_view key) {
    const auto found = all_.find(Name(space, key));
    return found == all_.end() ? std::nullopt : take(found);
}

Leases::Lease* Leases::find(SpaceId space, std::string_view key) {
    const auto found = all_.find(Name(space, key));
    return found == all_.end() ? nullptr : &found->second.lease;
}

void Leases::wait_elsewhere(SpaceId space, std::string_view key, std::deque<Waiter> waiting,
                            Instant now, Instant end) {
    Lease lease{.token = make_token(), .begun = now, .end = end, .elsewhere = true};
    waiting_ += waiting.size();
    lease.waiting = std::move(waiting);
    add(Name(space, key), std::move(lease));
}

void Leases::set_end(SpaceId space, std::string_view key, Instant end) {
    const auto found = all_.find(Name(space, key));
    by_end_.erase(found->second.by_end);
    found->second.lease.end = end;
    found->second.by_end = by_end_.emplace(end, found->first);
}

bool Leases::any(SpaceId space) const {
    const auto found = all_.lower_bound(Name(space, std::string()));
    return found != all_.end() && found->first.first == space;
}

std::vector<std::pair<SpaceId, std::string>> Leases::keys() const {
    std::vector<Name> names;
    for (const auto& [name, entry] : all_) {
        names.push_back(name);
    }
    return names;
}

std::optional<Leases::Ended> Leases::take_expired(Instant now) {
    if (by_end_.empty() || by_end_.begin()->first > now) {
        return std::nullopt;
    }
    Name name = by_end_.begin()->second;
    figures_.expired += all_.find(name)->second.lease.elsewhere ? 0 : 1;
    Lease lease = std::move(*take(all_.find(name)));
    return Ended{name.first, std::move(name.second), std::move(lease)};
}

bool Leases::pass_on(SpaceId space, std::string_view key, std::deque<Waiter> waiting, Instant now,
                     std::uint64_t fence) {
    while (!waiting.empty()) {
        Waiter next = std::move(waiting.front());
        waiting.pop_front();
        if (next.deadline && *next.deadline <= now) {
            next.responder.fail({NOA_E_EXPIRED, "nobody loaded it in time"});
            continue;
        }
        Lease lease{.token = make_token(), .begun = now, .end = now + next.lease, .fence = fence};
        if (!next.responder.reply(noa::Body(load_reply(lease.token, next.lease, next.stale),
                                            noa::json_content_type))) {
            continue; // it is gone
        }
        ++figures_.loads;
        --figures_.avoided;
        waiting_ += waiting.size();
        lease.waiting = std::move(waiting);
        add(Name(space, key), std::move(lease));
        return true;
    }
    return false;
}

std::optional<Instant> Leases::next_end() const {
    return by_end_.empty() ? std::nullopt : std::optional(by_end_.begin()->first);
}

void Leases::save(noa::StateWriter& out) const {
    for (const std::uint64_t figure : {figures_.loads, figures_.filled, figures_.failed,
                                       figures_.expired, figures_.avoided, figures_.load_ms}) {
        out.number(figure);
    }
    out.number(static_cast<std::uint64_t>(
        std::ranges::count_if(all_, [](const auto& one) { return !one.second.lease.elsewhere; })));
    for (const auto& [name, entry] : all_) {
        if (entry.lease.elsewhere) {
            continue;
        }
        out.number(name.first);
        out.text(name.second);
        out.text(entry.lease.token);
        out.signed_number(entry.lease.begun.count());
        out.signed_number(entry.lease.end.count());
        out.number(entry.lease.fence);
    }
}

void Leases::restore(noa::StateReader& in) {
    forget();
    for (std::uint64_t* figure : {&figures_.loads, &figures_.filled, &figures_.failed,
                                  &figures_.expired, &figures_.avoided, &figures_.load_ms}) {
        *figure = in.number();
    }
    for (std::uint64_t left = in.number(); left > 0 && in.ok(); --left) {
        const auto space = static_cast<SpaceId>(in.number() % most_spaces);
        std::string key = in.text(longest_key);
        Lease lease{.token = in.text(longest_token)};
        lease.begun = Instant(in.signed_number());
        lease.end = Instant(in.signed_number());
        lease.fence = in.schema() >= 3 ? in.number() : 0;
        if (in.ok() && !loading(space, key) && all_.size() < most_leases) {
            add(Name(space, std::move(key)), std::move(lease));
        }
    }
}

void Leases::forget() {
    all_.clear();
    by_end_.clear();
    waiting_ = 0;
}

void Leases::add(Name name, Lease lease) {
    const auto by_end = by_end_.emplace(lease.end, name);
    all_.emplace(std::move(name), Entry{std::move(lease), by_end});
}

std::optional<Leases::Lease> Leases::take(std::map<Name, Entry, std::less<>>::iterator found) {
    Lease lease = std::move(found->second.lease);
    by_end_.erase(found->second.by_end);
    all_.erase(found);
    waiting_ -= lease.waiting.size();
    return lease;
}

std::string Leases::make_token() {
    std::array<std::uint64_t, 2> random{};
    if (::getrandom(random.data(), sizeof random, 0) != sizeof random) {
        return {}; // no token is in force then: it runs out, and passes on
    }
    std::array<char, 32> digits{};
    digits.fill('0');
    for (std::size_t half = 0; half < 2; ++half) {
        std::array<char, 16> part{};
        const auto end =
            std::to_chars(part.data(), part.data() + part.size(), random[half], 16).ptr;
        std::copy(part.data(), end, digits.data() + 16 * (half + 1) - (end - part.data()));
    }
    return {digits.data(), digits.size()};
}

} // namespace cache
