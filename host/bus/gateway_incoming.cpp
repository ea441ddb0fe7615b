// From the peers to the bus.
#include <algorithm>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/names.hpp"
#include "bus/gateway_exchange.hpp"

namespace noa::bus {

namespace {

constexpr std::uint32_t busy_retry_ms = 10;
constexpr std::uint32_t longest_timeout_ms = 86'400'000;

std::int64_t timeout_ns(std::uint32_t timeout_ms) noexcept {
    return std::int64_t{std::min(timeout_ms, longest_timeout_ms)} * ns_per_ms;
}

std::uint32_t to_u32(std::uint64_t value) noexcept {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, UINT32_MAX));
}

bool wants_receipt(const wire::Message& message) noexcept {
    return (message.flags & wire::flag_want_receipt) != 0;
}

} // namespace

void Exchange::incoming() {
    counters_.received.add();
    wire::Message message;
    const auto fault = router_.frames() == 0 ? wire::Fault::unreadable
                                             : wire::decode(router_.first(), router_.second(),
                                                            router_.frames() > 1, message);
    if (fault == wire::Fault::unreadable) {
        counters_.malformed.add();
        return;
    }
    Peer* peer = meet();
    if (peer == nullptr) {
        counters_.refused.add();
        Peer stranger;
        stranger.routing_id = router_.sender();
        tell_error(stranger, message.id,
                   {NOA_E_BUSY, "too many programs are connected", 0, busy_retry_ms});
        return;
    }
    if (peer->lost != 0 && !peer->gone) {
        static_cast<void>(tell_gap(*peer));
    }
    if (fault != wire::Fault::none || router_.frames() > 2) {
        counters_.malformed.add();
        tell_error(
            *peer, message.id,
            {NOA_E_INVALID, router_.frames() > 2 ? "more than two frames" : wire::explain(fault)});
        return;
    }
    if (message.body.size() > bus_.options().max_message) {
        counters_.oversized.add();
        tell_error(*peer, message.id, {NOA_E_TOO_LARGE, "the body is over the host's limit"});
        return;
    }
    dispatch(*peer, message);
}

// The sender of what was received; null when the table is full.
Peer* Exchange::meet() {
    Peer* peer = peers_.meet(router_.sender(), now_ns_);
    return peer == nullptr && make_room() ? peers_.meet(router_.sender(), now_ns_) : peer;
}

void Exchange::dispatch(Peer& peer, const wire::Message& message) {
    using wire::Kind;
    switch (static_cast<Kind>(message.kind)) {
    case Kind::request: request(peer, message); break;
    case Kind::publish: publish(peer, message); break;
    case Kind::subscribe: subscribe(peer, message); break;
    case Kind::unsubscribe: unsubscribe(peer, message); break;
    case Kind::serve: serve(peer, message); break;
    case Kind::ping: ping(peer, message); break;
    case Kind::credit: add_credit(peer, message); break;
    case Kind::reply:
    case Kind::error:
    case Kind::ack:
    case Kind::retry: settle(peer, message); break;
    case Kind::leave:
        leave(peer);
        if (wants_receipt(message)) {
            tell_accepted(peer, message, {});
        }
        break;
    case Kind::event:
    case Kind::pong:
    case Kind::accepted:
    case Kind::gap:
    default:
        counters_.unsupported.add();
        tell_error(peer, message.id, {NOA_E_UNSUPPORTED, "no kind that a client sends"});
    }
    if (peer.agent != nullptr) {
        pump(*peer.agent);
    }
}

void Exchange::refuse(Peer& peer, const wire::Message& message, const Notice& notice) {
    counters_.refused.add();
    tell_error(peer, message.id, notice);
}

// What is sent while a delivery is handled, and says so, goes on counting; whatever else a
// program claims would be an allowance that it gives itself.
std::uint16_t Exchange::hops_of(const Peer& peer, const wire::Message& message) {
    const auto behind =
        peer.agent != nullptr ? peer.agent->hops_of(message.correlation) : std::nullopt;
    return behind ? static_cast<std::uint16_t>(*behind + 1) : std::uint16_t{0};
}

Exchange::Notice Exchange::check_sendable(const Peer& peer, const wire::Message& message) const {
    if (!is_subject(message.subject)) {
        return {NOA_E_INVALID, "subject: tokens of [A-Za-z0-9_-] with single dots between"};
    }
    if (hops_of(peer, message) > bus_.options().max_hops) {
        return {NOA_E_LOOP, {}};
    }
    return {};
}

// False when bodies from outside take too much memory already.
bool Exchange::fill(Draft& draft, Peer& peer, const wire::Message& message, BlockRef& body) {
    auto& head = draft.head;
    head.id = make_id();
    head.from = peer.agent != nullptr ? &peer.agent->endpoint() : self_;
    head.sent_unix_ns = now_unix_ns_;
    head.hops = hops_of(peer, message);
    head.priority = message.priority;
    if (message.timeout_ms != 0) {
        head.deadline_ns = now_ns_ + timeout_ns(message.timeout_ms);
    }
    draft.subject = message.subject;
    draft.content_type = message.content_type;
    draft.traceparent = message.traceparent;
    draft.body = message.body;
    if (message.body.size() <= inline_body_limit) {
        return true;
    }
    if (!held_.has_room(message.body.size(), now_ns_)) {
        return false;
    }
    body = BlockRef(Block::make_single(message.body.size()));
    std::memcpy(body->first()->body(), message.body.data(), message.body.size());
    draft.block = body.get();
    draft.body_bytes = message.body.size();
    return true;
}

void Exchange::request(Peer& peer, const wire::Message& message) {
    if (const auto wrong = check_sendable(peer, message); wrong.status != NOA_OK) {
        refuse(peer, message, wrong);
        return;
    }
    Endpoint* to = bus_.routes().find(message.to);
    if (to == nullptr) {
        refuse(peer, message, {message.to.empty() ? NOA_E_INVALID : NOA_E_NO_AGENT, {}});
        return;
    }
    const bool no_reply = (message.flags & wire::flag_no_reply) != 0;
    if (!no_reply && peer.open_requests >= options_.max_requests_per_peer) {
        refuse(peer, message, {NOA_E_BUSY, "too many requests are open", 0, busy_retry_ms});
        return;
    }
    Draft draft;
    BlockRef body;
    draft.head.kind = NOA_MESSAGE_REQUEST;
    const bool has_room = fill(draft, peer, message, body);
    if (no_reply) {
        draft.head.flags = NOA_MESSAGE_NO_REPLY;
    } else {
        draft.head.flags = Record::answer_outside;
        if (draft.head.deadline_ns == 0) {
            draft.head.deadline_ns = now_ns_ + options_.request_timeout_ns;
        }
    }
    if (has_room && !no_reply) {
        const OpenRequest open{message.id, draft.head.deadline_ns, peer.serial, peer.index};
        draft.head.token = pending_.add(open);
        if (draft.head.token == Pending::full && make_room(&peer)) {
            draft.head.token = pending_.add(open);
        }
    }
    if (draft.head.token == Pending::duplicate) {
        refuse(peer, message, {NOA_E_INVALID, "id: a request of that id is still open"});
        return;
    }
    if (!has_room || (!no_reply && draft.head.token == Pending::full)) {
        refuse(peer, message, {NOA_E_BUSY, "too much from outside is unsettled", 0, busy_retry_ms});
        return;
    }
    const auto admission = bus_.deliver(*to, draft);
    if (admission.status != NOA_OK) {
        static_cast<void>(pending_.take(draft.head.token));
        const bool busy = admission.status == NOA_E_BUSY;
        refuse(
            peer, message,
            {admission.status, {}, busy ? to_u32(admission.depth) : 0, busy ? busy_retry_ms : 0});
        return;
    }
    counters_.requests.add();
    if (body) {
        held_.add(std::move(body), message.body.size(), now_ns_);
    }
    if (!no_reply) {
        ++peer.open_requests;
    } else if (wants_receipt(message)) {
        tell_accepted(peer, message, {NOA_OK, {}, to_u32(admission.depth)});
    }
}

void Exchange::publish(Peer& peer, const wire::Message& message) {
    if (const auto wrong = check_sendable(peer, message); wrong.status != NOA_OK) {
        refuse(peer, message, wrong);
        return;
    }
    Draft draft;
    BlockRef body;
    draft.head.kind = NOA_MESSAGE_EVENT;
    if (!fill(draft, peer, message, body)) {
        refuse(peer, message, {NOA_E_BUSY, "too much from outside is unsettled", 0, busy_retry_ms});
        return;
    }
    std::uint32_t accepted = 0;
    std::uint32_t refused = 0;
    bus_.publish(draft, accepted, refused);
    counters_.published.add();
    if (body && accepted != 0) {
        held_.add(std::move(body), message.body.size(), now_ns_);
    }
    if (wants_receipt(message)) {
        tell_accepted(peer, message, {refused != 0 ? NOA_E_BUSY : NOA_OK, {}, accepted});
    }
}

void Exchange::subscribe(Peer& peer, const wire::Message& message) {
    const bool own = message.to.empty();
    if (!is_pattern(message.subject)) {
        refuse(peer, message, {NOA_E_INVALID, "subject: no pattern"});
        return;
    }
    if (!own && (peer.agent == nullptr || peer.agent->name() != message.to)) {
        refuse(peer, message, {NOA_E_STATE, "to: this program does not serve that name"});
        return;
    }
    auto& patterns = own ? peer.patterns : peer.agent_patterns;
    if (std::find(patterns.begin(), patterns.end(), message.subject) == patterns.end()) {
        auto status = NOA_E_TOO_LARGE;
        if (peer.patterns.size() + peer.agent_patterns.size() < options_.max_patterns_per_peer) {
            status = bus_.subscriptions().add(own ? *self_ : peer.agent->endpoint(), peer.serial,
                                              message.subject);
        }
        if (status != NOA_OK) {
            refuse(peer, message, {status, {}});
            return;
        }
        patterns.emplace_back(message.subject);
        if (own) {
            patterns_[patterns.back()].push_back(&peer);
        }
        counters_.subscriptions.fetch_add(1, std::memory_order_relaxed);
        if (peer.lease_ns == 0) {
            peers_.lease(peer, options_.lease_ns);
        }
    }
    if (wants_receipt(message)) {
        tell_accepted(peer, message, {});
    }
}

void Exchange::unsubscribe(Peer& peer, const wire::Message& message) {
    const bool own = message.to.empty();
    auto& patterns = own ? peer.patterns : peer.agent_patterns;
    const auto found = std::find(patterns.begin(), patterns.end(), message.subject);
    if (found == patterns.end() || (!own && peer.agent->name() != message.to)) {
        refuse(peer, message, {NOA_E_NOT_FOUND, "no such subscription of this program"});
        return;
    }
    static_cast<void>(bus_.subscriptions().remove(own ? *self_ : peer.agent->endpoint(),
                                                  peer.serial, message.subject));
    if (own) {
        const auto entry = patterns_.find(message.subject);
        std::erase(entry->second, &peer);
        if (entry->second.empty()) {
            patterns_.erase(entry);
        }
    }
    patterns.erase(found);
    counters_.subscriptions.fetch_sub(1, std::memory_order_relaxed);
    if (!peer.holds_something()) {
        peers_.lease(peer, 0);
    }
    if (wants_receipt(message)) {
        tell_accepted(peer, message, {});
    }
}

void Exchange::ping(Peer& peer, const wire::Message& message) {
    wire::Message pong;
    pong.kind = static_cast<std::uint8_t>(wire::Kind::pong);
    pong.id = make_id();
    pong.correlation = message.id;
    pong.status = peer.holds_something() ? NOA_OK : NOA_E_NOT_FOUND;
    tell(peer, pong);
}

} // namespace noa::bus
