// An agent that an outside program serves: its inbox, a lane that hands each delivery to the
// gateway's thread, and the window of deliveries that are with the peer.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bus/lane.hpp"

namespace noa::bus {

class OutsideAgent;
struct Peer;

// A delivery on its way from the agent's lane to the gateway's thread.
struct Forward {
    OutsideAgent* agent = nullptr;
    std::uint64_t service = 0; // of which time that a peer served
    noa_delivery delivery = 0;
    const noa_message* kept = nullptr; // null: the agent has come to its end
};

class Forwards {
public:
    // Wakes the reader of `inbox`, which outlives this.
    explicit Forwards(Inbox& inbox) : inbox_(inbox) {}
    void push(const Forward& forward);         // [lanes]
    [[nodiscard]] std::vector<Forward> take(); // [gateway thread]

private:
    Inbox& inbox_;
    std::mutex mutex_;
    std::vector<Forward> waiting_; // under mutex_; no more than the open deliveries of all
};

class OutsideAgent final : private Handler {
public:
    [[nodiscard]] static Result<std::unique_ptr<OutsideAgent>>
    open(Bus& bus, Endpoint& endpoint, Forwards& forwards, std::uint32_t max_deliveries);
    ~OutsideAgent() override; // joins the lane
    OutsideAgent(const OutsideAgent&) = delete;
    OutsideAgent& operator=(const OutsideAgent&) = delete;

    // Everything public: [gateway thread]

    // A peer serves from now on; or the one that does gets other terms.
    void begin(Peer& peer, std::uint32_t credit, std::int64_t lease_ns);
    void set_terms(std::uint32_t credit, std::int64_t lease_ns);
    // It does not any more. What it had not settled goes back to the head of the inbox, which
    // refuses new messages and keeps the old ones until `keep_until_ns`.
    void depart(std::int64_t keep_until_ns);
    // Nobody came back: settles what is left, then a last Forward comes.
    void finish();

    // A delivery that the lane handed over; false when it belongs to a former service.
    [[nodiscard]] bool take(const Forward& forward);
    // The next delivery to send; null when there is none, or no credit.
    [[nodiscard]] const noa_message* next() const noexcept;
    void sent();        // that one
    void expire_next(); // it came too late

    // How many messages led to a delivery that the peer holds; nothing when it holds none of
    // that id.
    [[nodiscard]] std::optional<std::uint16_t> hops_of(const noa_id& id) const;
    // By the id of the message: NOA_E_RETIRED when no such delivery is open.
    [[nodiscard]] noa_status reply(const noa_id& id, const noa_outgoing& message);
    [[nodiscard]] noa_status settle(const noa_id& id, noa_status status, std::string_view text,
                                    std::uint32_t retry_after_ms);

    [[nodiscard]] Endpoint& endpoint() noexcept { return endpoint_; }
    [[nodiscard]] const std::string& name() const noexcept { return endpoint_.name(); }
    [[nodiscard]] Peer* peer() const noexcept { return peer_; }
    [[nodiscard]] std::uint32_t credit() const noexcept { return credit_; }
    // While no peer serves: until when the inbox waits.
    [[nodiscard]] std::int64_t keep_until_ns() const noexcept { return keep_until_ns_; }
    [[nodiscard]] bool finishing() const noexcept { return finishing_; }

private:
    OutsideAgent(Bus& bus, Endpoint& endpoint, Forwards& forwards)
        : bus_(bus), endpoint_(endpoint), forwards_(forwards) {}

    [[nodiscard]] noa_status handle(const noa_message& message, noa_delivery delivery,
                                    noa_error& error) noexcept override;
    void on_reply(std::uint64_t, noa_status, const noa_message*) noexcept override {}
    void on_wake(std::uint64_t) noexcept override {}
    void on_timer(std::uint64_t) noexcept override {}
    // NOLINTNEXTLINE(bugprone-exception-escape): JSON of known types throws nothing
    [[nodiscard]] Result<std::string> inspect(std::string_view operation) noexcept override;
    [[nodiscard]] noa_status end_delivery(const noa_id& id,
                                          const std::function<noa_status(noa_delivery)>& how);

    struct ById {
        std::size_t operator()(const noa_id& id) const noexcept;
        bool operator()(const noa_id& a, const noa_id& b) const noexcept;
    };

    Bus& bus_;
    Endpoint& endpoint_;
    Forwards& forwards_;
    LaneOptions options_;

    // [gateway thread]
    Peer* peer_ = nullptr;
    std::uint64_t service_ = 0;
    std::uint32_t credit_ = 0;
    std::int64_t keep_until_ns_ = 0;
    bool finishing_ = false;
    struct WithPeer {
        noa_delivery delivery = 0;
        std::uint16_t hops = 0;
    };
    std::deque<Forward> waiting_;                                // for credit
    std::unordered_map<noa_id, WithPeer, ById, ById> with_peer_; // host-made ids

    std::uint64_t lane_service_ = 0; // [lane]

    // for inspect
    mutable std::mutex about_mutex_;
    std::string peer_text_;     // under about_mutex_
    std::int64_t lease_ns_ = 0; // under about_mutex_
    std::atomic<bool> served_{false};
    std::atomic<std::uint32_t> shown_credit_{0};
    std::atomic<std::uint32_t> shown_open_{0};
    std::atomic<std::uint64_t> delivered_{0};

    std::unique_ptr<Lane> lane_; // last: it calls the rest
};

} // namespace noa::bus
