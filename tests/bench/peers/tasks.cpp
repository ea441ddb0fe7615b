#include <algorithm>
#include <array>

#include "harness/task.hpp"
#include "peers/connection.hpp"
#include "peers/relay.hpp"

namespace noa::bench {

namespace {

constexpr std::array peers{
    Peer{"nats", start_nats, connect_nats},
    Peer{"nats-flusher", start_nats, connect_nats_flusher},
    Peer{"mosquitto", start_mosquitto, connect_mosquitto},
    Peer{"redis-unix", start_redis_unix, connect_redis},
    Peer{"redis-tcp", start_redis_tcp, connect_redis},
    Peer{"noa", start_noa, connect_noa},
};

} // namespace

const Peer* find_peer(std::string_view name) noexcept {
    const auto* found = std::find_if(peers.begin(), peers.end(),
                                     [&](const Peer& peer) { return peer.name == name; });
    return found != peers.end() ? found : nullptr;
}

std::span<const Task> peer_tasks() noexcept {
    static constexpr std::array tasks{
        Task{"peer.rtt", measure_relay_round_trip},
        Task{"peer.stream", measure_relay_stream},
        Task{"peer.echo", serve_relay_echo},
        Task{"peer.subscriber", count_relay_stream},
    };
    return tasks;
}

} // namespace noa::bench
