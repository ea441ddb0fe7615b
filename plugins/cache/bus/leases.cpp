#include "leases.hpp"

#include <sys/random.h>

#include <array>
#include <charconv>

#include "noa/sdk/json_text.hpp"

namespace cache {

namespace {

constexpr std::size_t longest_token = 64;

} // namespace

std::string load_reply(std::string_view token, Instant length) {
    std::string body = R"({"found":false,"load":true,"lease":")";
    body.append(token).append(R"(","lease_s":)");
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
    Lease lease{make_token(), now, now + length, {}};
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
    return found == all_.end() || found->second.lease.token != token ? std::nullopt : take(found);
}

std::optional<Leases::Lease> Leases::take(SpaceId space, std::string_view key) {
    const auto found = all_.find(Name(space, key));
    return found == all_.end() ? std::nullopt : take(found);
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
    ++figures_.expired;
    Lease lease = std::move(*take(all_.find(name)));
    return Ended{name.first, std::move(name.second), std::move(lease)};
}

void Leases::pass_on(SpaceId space, std::string_view key, std::deque<Waiter> waiting, Instant now) {
    while (!waiting.empty()) {
        Waiter next = std::move(waiting.front());
        waiting.pop_front();
        if (next.deadline && *next.deadline <= now) {
            next.responder.fail({NOA_E_EXPIRED, "nobody loaded it in time"});
            continue;
        }
        Lease lease{make_token(), now, now + next.lease, {}};
        if (!next.responder.reply(
                noa::Body(load_reply(lease.token, next.lease), noa::json_content_type))) {
            continue; // it is gone
        }
        ++figures_.loads;
        --figures_.avoided;
        waiting_ += waiting.size();
        lease.waiting = std::move(waiting);
        add(Name(space, key), std::move(lease));
        return;
    }
}

std::optional<Instant> Leases::next_end() const {
    return by_end_.empty() ? std::nullopt : std::optional(by_end_.begin()->first);
}

void Leases::save(noa::StateWriter& out) const {
    for (const std::uint64_t figure : {figures_.loads, figures_.filled, figures_.failed,
                                       figures_.expired, figures_.avoided, figures_.load_ms}) {
        out.number(figure);
    }
    out.number(all_.size());
    for (const auto& [name, entry] : all_) {
        out.number(name.first);
        out.text(name.second);
        out.text(entry.lease.token);
        out.signed_number(entry.lease.begun.count());
        out.signed_number(entry.lease.end.count());
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
        Lease lease{in.text(longest_token), {}, {}, {}};
        lease.begun = Instant(in.signed_number());
        lease.end = Instant(in.signed_number());
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
