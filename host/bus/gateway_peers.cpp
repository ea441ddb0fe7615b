#include "bus/gateway_peers.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/ids.hpp"

namespace noa::bus {

PeerTable::PeerTable(std::size_t limit)
    : limit_(limit), key_(random_u64() | 1U), slots_(std::bit_ceil(limit * 2), none) {}

// Routing ids may be chosen by strangers: the hash is keyed.
std::size_t PeerTable::home_of(std::string_view routing_id) const noexcept {
    std::uint64_t hash = key_ ^ routing_id.size();
    while (!routing_id.empty()) {
        std::uint64_t piece = 0;
        const auto size = std::min(routing_id.size(), sizeof piece);
        std::memcpy(&piece, routing_id.data(), size);
        routing_id.remove_prefix(size);
        hash = (hash ^ piece) * key_;
        hash ^= hash >> 29U;
    }
    return hash & (slots_.size() - 1);
}

Peer* PeerTable::find(std::string_view routing_id) noexcept {
    for (auto slot = home_of(routing_id); slots_[slot] != none;
         slot = (slot + 1) & (slots_.size() - 1)) {
        Peer& peer = peers_[slots_[slot]];
        if (peer.routing_id == routing_id) {
            return &peer;
        }
    }
    return nullptr;
}

Peer* PeerTable::meet(std::string_view routing_id, std::int64_t now_ns) {
    if (last_met_ != none && peers_[last_met_].serial != 0 &&
        peers_[last_met_].routing_id == routing_id) {
        peers_[last_met_].heard_ns = now_ns;
        return &peers_[last_met_];
    }
    Peer* peer = find(routing_id);
    if (peer == nullptr) {
        if (count_ >= limit_) {
            make_room();
        }
        if (count_ >= limit_) {
            return nullptr;
        }
        if (free_.empty()) {
            free_.push_back(static_cast<std::uint32_t>(peers_.size()));
            peers_.emplace_back();
        }
        peer = &peers_[free_.back()];
        peer->index = free_.back();
        free_.pop_back();
        peer->routing_id = routing_id;
        peer->serial = ++last_serial_;
        auto slot = home_of(routing_id);
        while (slots_[slot] != none) {
            slot = (slot + 1) & (slots_.size() - 1);
        }
        slots_[slot] = peer->index;
        ++count_;
    }
    peer->heard_ns = now_ns;
    last_met_ = peer->index;
    return peer;
}

void PeerTable::drop(Peer& peer) {
    const auto mask = slots_.size() - 1;
    auto hole = home_of(peer.routing_id);
    while (slots_[hole] != peer.index) {
        hole = (hole + 1) & mask;
    }
    // Whoever was pushed past the hole moves back, so that no search ends early.
    for (auto slot = (hole + 1) & mask; slots_[slot] != none; slot = (slot + 1) & mask) {
        const auto home = home_of(peers_[slots_[slot]].routing_id);
        if (((slot - home) & mask) >= ((slot - hole) & mask)) {
            slots_[hole] = slots_[slot];
            hole = slot;
        }
    }
    slots_[hole] = none;
    const auto index = peer.index;
    peer = Peer{};
    free_.push_back(index);
    --count_;
}

// A quarter of the idle ones, those that were silent longest, are forgotten.
void PeerTable::make_room() {
    std::vector<Peer*> idle;
    for (auto& peer : peers_) {
        if (peer.serial != 0 && peer.idle()) {
            idle.push_back(&peer);
        }
    }
    const auto some = idle.begin() + static_cast<std::ptrdiff_t>((idle.size() + 3) / 4);
    std::partial_sort(idle.begin(), some, idle.end(),
                      [](const Peer* a, const Peer* b) { return a->heard_ns < b->heard_ns; });
    std::for_each(idle.begin(), some, [this](Peer* peer) { drop(*peer); });
}

std::vector<Peer*> PeerTable::waiting() {
    std::vector<Peer*> out;
    for (auto& peer : peers_) {
        if (peer.serial != 0 && peer.lease_ns == 0 && !peer.gone && !peer.overflowed &&
            !peer.idle()) {
            out.push_back(&peer);
        }
    }
    std::sort(out.begin(), out.end(),
              [](const Peer* a, const Peer* b) { return a->heard_ns < b->heard_ns; });
    return out;
}

void PeerTable::lease(Peer& peer, std::int64_t lease_ns) {
    peer.lease_ns = lease_ns;
    if (lease_ns != 0) {
        earliest_ = std::min(earliest_, peer.heard_ns + lease_ns);
    }
}

std::vector<Peer*> PeerTable::silent(std::int64_t now_ns) {
    std::vector<Peer*> out;
    if (earliest_ > now_ns) {
        return out;
    }
    earliest_ = never;
    for (auto& peer : peers_) {
        if (peer.serial == 0 || peer.lease_ns == 0) {
            continue;
        }
        if (peer.heard_ns + peer.lease_ns <= now_ns) {
            out.push_back(&peer);
        } else {
            earliest_ = std::min(earliest_, peer.heard_ns + peer.lease_ns);
        }
    }
    return out;
}

} // namespace noa::bus
