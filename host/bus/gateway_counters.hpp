// What the gateway counts. Written by its thread, read by any.
#pragma once

#include <string>

#include "bus/inbox.hpp"

namespace noa::bus {

struct GatewayCounters {
    Counter received; // messages from peers
    Counter sent;     // messages to peers
    Counter requests; // accepted, with and without reply
    Counter published;
    Counter malformed;   // unreadable, or against the format
    Counter unsupported; // of a kind that is not known
    Counter oversized;   // bodies over the limit that reached the gateway
    Counter refused;     // well formed, and yet answered with an error
    Counter expired;     // requests that nobody answered in time
    Counter late;        // answers that nobody waited for any more
    Counter unknown_settlements;
    Counter events;      // given to peers
    Counter gaps;        // events dropped because a peer did not read
    Counter undelivered; // other messages that a peer had no room for
    Counter overflowed;  // peers that were sent away for it
    Counter unreachable; // peers that turned out to be gone
    Counter leases_expired;
    Counter turned_away; // connections over the limit
    Counter evicted;     // silent peers that made room for others

    // as they are now
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> peers{0};
    std::atomic<std::uint64_t> open_requests{0};
    std::atomic<std::uint64_t> subscriptions{0};
    std::atomic<std::uint64_t> agents{0};
    std::atomic<std::uint64_t> bytes_in{0};

    [[nodiscard]] std::string to_json() const;
};

} // namespace noa::bus
