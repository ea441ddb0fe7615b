// Programs outside the host: a ZeroMQ ROUTER, one thread, plugin-api/wire/README.md spoken.
//
// Outside programs call, send, publish, subscribe, and serve as agents. Whatever they send,
// nothing grows without a bound: what is over a limit is refused, told and counted.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "bus/bus.hpp"

namespace noa::bus {

struct GatewayOptions {
    // ipc://<runtime_dir>/bus.sock, mode 0660. The host holds the lock of the directory, so a
    // socket that lies there is dead and gets replaced.
    std::string runtime_dir;
    std::vector<std::string> endpoints; // further ZeroMQ endpoints to bind

    std::size_t max_connections = 1024; // at most half of RLIMIT_NOFILE
    std::size_t max_peers = 4096;       // remembered; idle ones make room
    std::size_t max_requests = 65'536;  // open, of all peers
    std::size_t max_requests_per_peer = 4096;
    std::size_t max_patterns_per_peer = 256;
    std::size_t max_agents = 256; // served at a time
    std::size_t max_names = 1024; // that outside programs may bring up while the host runs
    std::uint32_t max_credit = 1024;
    std::uint32_t max_deliveries = 5;
    std::uint64_t max_bytes_in = 256ULL << 20U;      // bodies from outside that are in use inside
    std::uint64_t max_bytes_per_peer = 64ULL << 20U; // large bodies that a peer has not read
    int max_queued_per_peer = 8192;                  // messages that a peer has not read

    std::int64_t request_timeout_ns = 30'000'000'000; // of requests that name none
    std::int64_t lease_ns = 30'000'000'000;
    std::int64_t outside_grace_ns = 60'000'000'000; // an inbox waits that long for its peer

    // Whether outside programs may serve under a name; empty: under any that no plugin has.
    // To load an agent without racing one: let this answer false first, then ask serves().
    // On the gateway's thread: must not block.
    std::function<bool(std::string_view name)> may_serve;
    std::function<std::int64_t()> clock; // empty: monotonic_ns. Tests move it, then nudge.
};

struct GatewayCounters;
class Exchange;

class Gateway {
public:
    // Binds and starts the thread; `bus` outlives the gateway.
    [[nodiscard]] static Result<std::unique_ptr<Gateway>> open(Bus& bus, GatewayOptions options);
    ~Gateway();
    Gateway(const Gateway&) = delete;
    Gateway& operator=(const Gateway&) = delete;

    // Ends the thread and joins it. Served agents are gone, what waits for them is settled as
    // NOA_E_UNAVAILABLE. Idempotent.
    void stop();

    // [any thread]
    [[nodiscard]] std::string counters_json() const;
    // Whether an outside program serves as `name`, or its inbox still waits for its return.
    [[nodiscard]] bool serves(std::string_view name) const;

private:
    Gateway();
    std::unique_ptr<GatewayCounters> counters_;
    std::unique_ptr<Exchange> exchange_;
    std::thread thread_; // last: it runs the exchange
};

} // namespace noa::bus
