// The gateway's thread: between the peers behind the ROUTER and the inboxes of the bus.
//
// Each turn drains its inbox and the ROUTER, each up to a bound, then sleeps when both are
// empty. Peers that turn out to be gone are dropped at the end of the turn, so a Peer& is good
// for the whole of it.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bus/gateway.hpp"
#include "bus/gateway_agent.hpp"
#include "bus/gateway_bodies.hpp"
#include "bus/gateway_counters.hpp"
#include "bus/gateway_peers.hpp"
#include "bus/gateway_pending.hpp"
#include "bus/gateway_router.hpp"
#include "bus/wire.hpp"

namespace noa::bus {

class Exchange {
public:
    Exchange(Bus& bus, GatewayOptions options, GatewayCounters& counters);
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    [[nodiscard]] Result<void> open();
    void run();                                             // until request_stop
    void request_stop();                                    // [any thread]
    [[nodiscard]] bool serves(std::string_view name) const; // [any thread]

private:
    // What a client is told of its own message.
    struct Notice {
        noa_status status = NOA_OK;
        std::string_view text;
        std::uint32_t number = 0;
        std::uint32_t timeout_ms = 0;
    };

    // gateway_exchange.cpp: the turns
    [[nodiscard]] bool drain_inbox();
    [[nodiscard]] bool drain_router();
    void look_around();
    void expire_requests();
    [[nodiscard]] bool make_room(const Peer* needed = nullptr);
    [[nodiscard]] bool drop_unreachable(const std::vector<Peer*>& peers);
    void drop_silent(const std::vector<Peer*>& peers);
    void forget(Peer& peer);
    void end_turn();
    void sleep();
    [[nodiscard]] std::int64_t next_due() const;
    void show_gauges() noexcept;
    void shut_down();

    // gateway_answers.cpp: from inside to peers
    void take(Item& item);
    void give_answer(Item& item);
    void spread(Item& item);
    void give_event(Peer& peer);
    [[nodiscard]] bool tell_gap(Peer& peer);
    void tell(Peer& peer, const wire::Message& message, Block* body = nullptr);
    void tell_error(Peer& peer, const noa_id& correlation, const Notice& notice);
    void tell_accepted(Peer& peer, const wire::Message& message, const Notice& notice);
    void note(Peer& peer, Sent sent);

    // gateway_incoming.cpp: from peers
    void incoming();
    [[nodiscard]] Peer* meet();
    void dispatch(Peer& peer, const wire::Message& message);
    void request(Peer& peer, const wire::Message& message);
    void publish(Peer& peer, const wire::Message& message);
    void subscribe(Peer& peer, const wire::Message& message);
    void unsubscribe(Peer& peer, const wire::Message& message);
    void ping(Peer& peer, const wire::Message& message);
    [[nodiscard]] static std::uint16_t hops_of(const Peer& peer, const wire::Message& message);
    [[nodiscard]] Notice check_sendable(const Peer& peer, const wire::Message& message) const;
    [[nodiscard]] bool fill(Draft& draft, Peer& peer, const wire::Message& message, BlockRef& body);
    void refuse(Peer& peer, const wire::Message& message, const Notice& notice);

    // gateway_serving.cpp: peers as agents
    void serve(Peer& peer, const wire::Message& message);
    [[nodiscard]] OutsideAgent* agent_for(const std::string& name, Notice& refusal);
    [[nodiscard]] OutsideAgent* make_agent(const std::string& name, Notice& refusal);
    void leave(Peer& peer);
    void settle(Peer& peer, const wire::Message& message);
    void add_credit(Peer& peer, const wire::Message& message);
    void take_forwards();
    void end_agent(OutsideAgent& agent);
    void pump(OutsideAgent& agent);
    [[nodiscard]] Sent deliver(OutsideAgent& agent, const noa_message& message);

    Bus& bus_;
    const GatewayOptions options_;
    GatewayCounters& counters_;
    Endpoint* self_ = nullptr;
    Inbox* inbox_ = nullptr;
    std::atomic<bool> stopping_{false};

    Router router_;
    PeerTable peers_;
    Pending pending_;
    HeldBodies held_;
    std::unique_ptr<Forwards> forwards_;
    std::map<std::string, std::vector<Peer*>, std::less<>> patterns_; // peers' own
    std::size_t agent_patterns_ = 0;
    std::vector<Peer*> leaving_;
    std::vector<Peer*> matched_;
    std::size_t names_made_ = 0;
    std::int64_t now_ns_ = 0;
    std::int64_t now_unix_ns_ = 0;
    std::int64_t expired_at_ns_ = 0; // when requests were last looked through
    std::int64_t room_due_ns_ = 0;   // when room may be made again
    std::int64_t agents_due_ns_ = PeerTable::never;
    bool more_inside_ = false;

    mutable std::mutex names_mutex_;
    std::set<std::string, std::less<>> names_; // under names_mutex_: of agents_, and of one to be

    std::map<std::string, std::unique_ptr<OutsideAgent>, std::less<>> agents_;
};

} // namespace noa::bus
