// From the bus to the peers.
#include <algorithm>
#include <limits>

#include "base/ids.hpp"
#include "base/status.hpp"
#include "bus/gateway_exchange.hpp"

namespace noa::bus {

void Exchange::take(Item& item) {
    const Record& record = *item.record;
    if (record.is_answer()) {
        give_answer(item);
    } else if (item.control) {
        const auto json = record.subject() == "health" ? R"({"status":"healthy","checks":[]})"
                                                       : counters_.to_json();
        bus_.answer(*self_, record, NOA_OK, json, "application/json");
    } else if (record.kind == NOA_MESSAGE_EVENT) {
        spread(item);
    } else {
        bus_.answer(*self_, record, NOA_E_NO_AGENT,
                    "outside programs are called by the names that they serve", "text/plain");
    }
}

namespace {

wire::Message from_record(const Record& record) noexcept {
    wire::Message message;
    message.kind = record.kind;
    message.id = record.id;
    message.from = record.from->name();
    message.body = record.body_text();
    return message;
}

} // namespace

void Exchange::give_answer(Item& item) {
    const auto open = pending_.take(item.record->token);
    Peer* peer = open ? peers_.at(open->peer_index, open->peer) : nullptr;
    if (peer == nullptr) {
        counters_.late.add();
        return;
    }
    --peer->open_requests;
    const Record& record = *item.record;
    auto message = from_record(record);
    message.correlation = open->id;
    message.status = record.status;
    if (record.kind == NOA_MESSAGE_REPLY) {
        message.content_type = record.content_type();
    }
    if (record.body_bytes > inline_body_limit) {
        inbox_->keep(item); // by reference: the record stays where it is
    }
    tell(*peer, message, item.block.get());
}

// An event of the bus, to each peer with a pattern that covers it.
void Exchange::spread(Item& item) {
    const Record& record = *item.record;
    if (record.deadline_ns != 0 && record.deadline_ns < now_ns_) {
        return;
    }
    matched_.clear();
    for (const auto& [pattern, peers] : patterns_) {
        if (pattern_matches(pattern, record.subject())) {
            matched_.insert(matched_.end(), peers.begin(), peers.end());
        }
    }
    if (matched_.empty()) {
        return; // its subscription has just ended
    }
    std::sort(matched_.begin(), matched_.end());
    matched_.erase(std::unique(matched_.begin(), matched_.end()), matched_.end());
    auto message = from_record(record);
    message.priority = record.priority;
    message.hops = static_cast<std::uint8_t>(std::min<std::uint16_t>(record.hops, 255));
    message.subject = record.subject();
    message.content_type = record.content_type();
    message.traceparent = record.traceparent();
    if (record.body_bytes > inline_body_limit) {
        inbox_->keep(item);
    }
    router_.prepare(message, item.block.get());
    for (Peer* peer : matched_) {
        give_event(*peer);
    }
    router_.end_prepared();
}

void Exchange::give_event(Peer& peer) {
    if (peer.gone) {
        return;
    }
    const auto sent = peer.lost != 0 && !tell_gap(peer) ? Sent::full : router_.send_prepared(peer);
    if (sent == Sent::ok) {
        counters_.events.add();
    } else if (sent == Sent::full) {
        ++peer.lost;
        counters_.gaps.add();
    } else {
        note(peer, sent);
    }
}

// Says how many events were dropped; false when there is still no room even for that.
bool Exchange::tell_gap(Peer& peer) {
    wire::Message message;
    message.kind = static_cast<std::uint8_t>(wire::Kind::gap);
    message.id = make_id();
    message.number = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(peer.lost, std::numeric_limits<std::uint32_t>::max()));
    const auto sent = router_.send(peer, message);
    if (sent == Sent::gone) {
        note(peer, sent);
    }
    if (sent != Sent::ok) {
        return false;
    }
    peer.lost = 0;
    return true;
}

void Exchange::tell(Peer& peer, const wire::Message& message, Block* body) {
    if (!peer.gone) {
        note(peer, router_.send(peer, message, body));
    }
}

// What could not be sent and is no event: the peer is told nothing of it, so it has to go.
void Exchange::note(Peer& peer, Sent sent) {
    if (sent == Sent::ok || peer.serial == 0) {
        return;
    }
    if (sent == Sent::full) {
        counters_.undelivered.add();
        if (!peer.overflowed) {
            counters_.overflowed.add();
            peer.overflowed = true;
            leaving_.push_back(&peer);
        }
    } else if (!peer.gone) {
        counters_.unreachable.add();
        peer.gone = true;
        leaving_.push_back(&peer);
    }
}

void Exchange::tell_error(Peer& peer, const noa_id& correlation, const Notice& notice) {
    wire::Message message;
    message.kind = static_cast<std::uint8_t>(wire::Kind::error);
    message.id = make_id();
    message.correlation = correlation;
    message.status = notice.status;
    message.number = notice.number;
    message.timeout_ms = notice.timeout_ms;
    message.body = notice.text.empty() ? status_text(notice.status) : notice.text;
    tell(peer, message);
}

void Exchange::tell_accepted(Peer& peer, const wire::Message& message, const Notice& notice) {
    wire::Message accepted;
    accepted.kind = static_cast<std::uint8_t>(wire::Kind::accepted);
    accepted.id = make_id();
    accepted.correlation = message.id;
    accepted.status = notice.status;
    accepted.number = notice.number;
    accepted.timeout_ms = notice.timeout_ms;
    tell(peer, accepted);
}

} // namespace noa::bus
