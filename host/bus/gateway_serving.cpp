// Outside programs that serve as agents.
#include <algorithm>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "base/utf8.hpp"
#include "bus/gateway_exchange.hpp"

namespace noa::bus {

namespace {

constexpr std::uint32_t shortest_lease_ms = 1000;
constexpr std::uint32_t longest_lease_ms = 300'000;
constexpr std::uint32_t longest_delay_ms = 86'400'000;
constexpr std::uint32_t finishing_hint_ms = 100;

std::uint32_t ms_left(std::int64_t until_ns, std::int64_t now_ns) noexcept {
    const auto left = (until_ns - now_ns + ns_per_ms - 1) / ns_per_ms;
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(left, 1, UINT32_MAX));
}

} // namespace

void Exchange::serve(Peer& peer, const wire::Message& message) {
    const auto lease_ms = message.timeout_ms != 0
                              ? message.timeout_ms
                              : static_cast<std::uint32_t>(options_.lease_ns / ns_per_ms);
    const bool named = !message.to.empty();
    const bool lease_fits =
        message.timeout_ms == 0 || (lease_ms >= shortest_lease_ms && lease_ms <= longest_lease_ms);
    if (!named || !lease_fits || message.number == 0 || message.number > options_.max_credit) {
        refuse(peer, message, {NOA_E_INVALID, "to, number (credit) or timeout_ms (lease)"});
        return;
    }
    const auto lease_ns = std::int64_t{lease_ms} * ns_per_ms;
    if (peer.agent != nullptr && peer.agent->name() != message.to) {
        refuse(peer, message, {NOA_E_STATE, "this program serves another name"});
        return;
    }
    if (peer.agent == nullptr) {
        Notice refusal;
        OutsideAgent* agent = agent_for(std::string(message.to), refusal);
        if (agent == nullptr) {
            refuse(peer, message, refusal);
            return;
        }
        peer.agent = agent;
        agent->begin(peer, message.number, lease_ns);
    } else {
        peer.agent->set_terms(message.number, lease_ns);
    }
    peers_.lease(peer, lease_ns);
    tell_accepted(peer, message, {NOA_OK, {}, message.number, lease_ms});
}

// The agent of that name, when nobody serves it now.
OutsideAgent* Exchange::agent_for(const std::string& name, Notice& refusal) {
    const auto found = agents_.find(name);
    if (found == agents_.end()) {
        return make_agent(name, refusal);
    }
    if (const Peer* other = found->second->peer()) {
        refusal = {NOA_E_BUSY, "another program serves that name", 0,
                   ms_left(other->heard_ns + other->lease_ns, now_ns_)};
        return nullptr;
    }
    if (found->second->finishing()) {
        refusal = {NOA_E_BUSY, "what was left in its inbox is being settled", 0, finishing_hint_ms};
        return nullptr;
    }
    return found->second.get();
}

OutsideAgent* Exchange::make_agent(const std::string& name, Notice& refusal) {
    if (agents_.size() >= options_.max_agents) {
        refusal = {NOA_E_BUSY, "too many outside agents", 0, finishing_hint_ms};
        return nullptr;
    }
    const auto forget_name = [&] {
        const std::lock_guard lock(names_mutex_);
        names_.erase(name);
    };
    {
        // Shown first, asked then: whoever loads plugins does it the other way round.
        const std::lock_guard lock(names_mutex_);
        names_.insert(name);
    }
    Endpoint* endpoint = bus_.routes().find(name);
    const bool taken = endpoint != nullptr && endpoint->inbox().state() != Inbox::State::absent;
    if (taken || name == "outside" || name == "host" ||
        (options_.may_serve && !options_.may_serve(name))) {
        forget_name();
        refusal = {NOA_E_DENIED, "that name belongs to the host or to a plugin's agent"};
        return nullptr;
    }
    if (endpoint == nullptr && names_made_ < options_.max_names) {
        endpoint = bus_.routes().resolve(name, RouteTable::kept_for_agents);
        names_made_ += endpoint != nullptr ? 1 : 0;
    }
    if (endpoint == nullptr) {
        forget_name();
        refusal = {NOA_E_BUSY, "the host has no room for further names"};
        return nullptr;
    }
    auto made = OutsideAgent::open(bus_, *endpoint, *forwards_, options_.max_deliveries);
    if (!made) {
        forget_name();
        refusal = {NOA_E_BUSY, "the host has no thread or socket left for it", 0,
                   finishing_hint_ms};
        return nullptr;
    }
    return (agents_[name] = std::move(*made)).get();
}

// Ends subscriptions and service; requests of its own stay open.
void Exchange::leave(Peer& peer) {
    if (!peer.patterns.empty()) {
        bus_.subscriptions().remove_owner(*self_, peer.serial);
        for (const auto& pattern : peer.patterns) {
            const auto entry = patterns_.find(pattern);
            std::erase(entry->second, &peer);
            if (entry->second.empty()) {
                patterns_.erase(entry);
            }
        }
    }
    if (peer.agent != nullptr) {
        bus_.subscriptions().remove_owner(peer.agent->endpoint(), peer.serial);
        const auto keep_until_ns = now_ns_ + options_.outside_grace_ns;
        peer.agent->depart(keep_until_ns);
        agents_due_ns_ = std::min(agents_due_ns_, keep_until_ns);
        peer.agent = nullptr;
    }
    counters_.subscriptions.fetch_sub(peer.patterns.size() + peer.agent_patterns.size(),
                                      std::memory_order_relaxed);
    peer.patterns.clear();
    peer.agent_patterns.clear();
    peer.lost = 0;
    peers_.lease(peer, 0);
}

void Exchange::settle(Peer& peer, const wire::Message& message) {
    noa_status status = NOA_E_RETIRED;
    if (peer.agent != nullptr) {
        auto& agent = *peer.agent;
        if (message.is(wire::Kind::reply)) {
            noa_outgoing reply{};
            reply.struct_size = sizeof reply;
            reply.body = {message.body.data(), message.body.size()};
            reply.content_type = to_str(message.content_type);
            status = agent.reply(message.correlation, reply);
        } else if (message.is(wire::Kind::ack)) {
            status = agent.settle(message.correlation, NOA_OK, {}, 0);
        } else if (message.is(wire::Kind::retry)) {
            status = agent.settle(message.correlation, NOA_E_RETRY, {},
                                  std::min(message.timeout_ms, longest_delay_ms));
        } else if (message.status > NOA_E_INTERNAL || message.status < NOA_E_NOT_FOUND ||
                   message.status == NOA_E_RETRY) {
            status = NOA_E_INVALID;
        } else {
            status = agent.settle(message.correlation, message.status,
                                  bounded_utf8(message.body, NOA_ERROR_TEXT_BYTES), 0);
        }
    }
    if (status != NOA_OK) {
        counters_.unknown_settlements.add();
        tell_error(peer, message.correlation, {status, {}});
    }
}

void Exchange::add_credit(Peer& peer, const wire::Message& message) {
    if (peer.agent == nullptr) {
        refuse(peer, message, {NOA_E_STATE, "this program serves no name"});
        return;
    }
    if (message.number > options_.max_credit - peer.agent->credit()) {
        refuse(peer, message, {NOA_E_INVALID, "number: more credit than a program may have"});
        return;
    }
    peer.agent->set_terms(peer.agent->credit() + message.number, peer.lease_ns);
}

void Exchange::take_forwards() {
    for (const auto& forward : forwards_->take()) {
        if (forward.kept == nullptr) {
            end_agent(*forward.agent);
        } else if (forward.agent->take(forward)) {
            pump(*forward.agent);
        }
    }
}

void Exchange::end_agent(OutsideAgent& agent) {
    const auto name = agent.name();
    auto& inbox = agent.endpoint().inbox();
    agents_.erase(name); // joins its lane
    inbox.set_state(Inbox::State::absent);
    const std::lock_guard lock(names_mutex_);
    names_.erase(name);
}

// Sends what the peer has credit for. Large deliveries wait until it has read earlier ones: it
// speaks at least once a lease, and then this looks again.
void Exchange::pump(OutsideAgent& agent) {
    Peer* peer = agent.peer();
    while (peer != nullptr && !peer->gone && !peer->overflowed) {
        const noa_message* message = agent.next();
        if (message == nullptr) {
            return;
        }
        if (message->deadline_ns != 0 && message->deadline_ns <= now_ns_) {
            agent.expire_next();
            continue;
        }
        if (router_.too_much(*peer, message->body.size)) {
            return;
        }
        const auto sent = deliver(agent, *message);
        if (sent != Sent::ok) {
            note(*peer, sent);
            return;
        }
        agent.sent();
    }
}

Sent Exchange::deliver(OutsideAgent& agent, const noa_message& message) {
    wire::Message out;
    out.kind = static_cast<std::uint8_t>(message.kind);
    out.flags = static_cast<std::uint8_t>(message.flags);
    out.priority = static_cast<std::uint8_t>(message.priority);
    out.hops = static_cast<std::uint8_t>(std::min<std::uint32_t>(message.hops, 255));
    out.id = message.id;
    out.number = message.attempt;
    out.timeout_ms = message.deadline_ns == 0 ? 0 : ms_left(message.deadline_ns, now_ns_);
    out.to = agent.name();
    out.from = view(message.from);
    out.subject = view(message.subject);
    out.content_type = view(message.content_type);
    out.traceparent = view(message.traceparent);
    out.body = {static_cast<const char*>(message.body.data),
                static_cast<std::size_t>(message.body.size)};
    return router_.send(*agent.peer(), out);
}

} // namespace noa::bus
