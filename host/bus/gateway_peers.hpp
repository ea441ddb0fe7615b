// Who has spoken to the gateway, by ZeroMQ routing id. [gateway thread]
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace noa::bus {

class OutsideAgent;

struct Peer {
    std::string routing_id;
    std::uint64_t serial = 0; // of this peer, never used again; 0: the slot is free
    std::uint32_t index = 0;  // of the slot
    std::uint32_t open_requests = 0;
    std::int64_t heard_ns = 0;
    std::int64_t lease_ns = 0;               // 0: needs none
    std::uint64_t lost = 0;                  // events dropped since the last gap
    std::vector<std::string> patterns;       // of its own
    std::vector<std::string> agent_patterns; // of the agent that it serves
    OutsideAgent* agent = nullptr;
    bool gone = false;       // unreachable, to be dropped at the end of the turn
    bool overflowed = false; // to be sent away at the end of the turn
    bool evicted = false;    // to be dropped once its requests have ended
    // Owners: this peer, and each large body that is on its way to it.
    std::shared_ptr<std::atomic<std::int64_t>> bytes_out;

    [[nodiscard]] bool holds_something() const noexcept {
        return !patterns.empty() || agent != nullptr;
    }
    [[nodiscard]] bool idle() const noexcept {
        return !holds_something() && open_requests == 0 && lost == 0 && !gone && !overflowed;
    }
};

// Peers have stable addresses until they are dropped.
class PeerTable {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    explicit PeerTable(std::size_t limit);

    // The peer of that routing id, made when it is new; `heard_ns` is set. Null when nobody of
    // a full table is idle.
    [[nodiscard]] Peer* meet(std::string_view routing_id, std::int64_t now_ns);
    // The peer in that slot while it is still the same.
    [[nodiscard]] Peer* at(std::uint32_t index, std::uint64_t serial) noexcept {
        Peer& peer = peers_[index];
        return peer.serial == serial ? &peer : nullptr;
    }
    void drop(Peer& peer);
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

    // Has the peer's silence ended by its lease.
    void lease(Peer& peer, std::int64_t lease_ns);
    // No lease runs out earlier; may lag behind, never ahead.
    [[nodiscard]] std::int64_t earliest() const noexcept { return earliest_; }
    // Those that nothing but open requests keeps here, the longest silent first.
    [[nodiscard]] std::vector<Peer*> waiting();
    // Those whose lease has run out.
    [[nodiscard]] std::vector<Peer*> silent(std::int64_t now_ns);

private:
    [[nodiscard]] std::size_t home_of(std::string_view routing_id) const noexcept;
    [[nodiscard]] Peer* find(std::string_view routing_id) noexcept;
    void make_room();

    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    const std::size_t limit_;
    const std::uint64_t key_;
    std::deque<Peer> peers_;
    std::vector<std::uint32_t> free_;
    std::vector<std::uint32_t> slots_; // open addressing, at most half full
    std::size_t count_ = 0;
    std::uint64_t last_serial_ = 0;
    std::uint32_t last_met_ = none;
    std::int64_t earliest_ = never;
};

} // namespace noa::bus
