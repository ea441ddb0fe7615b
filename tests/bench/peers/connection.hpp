// One client's connection to one broker, the same for all of them, so that the measurement is
// written once.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "harness/process.hpp"

namespace noa::bench {

class Connection {
public:
    virtual ~Connection() = default;
    // In force at the broker when this returns.
    [[nodiscard]] virtual Result<void> subscribe(const std::string& topic) = 0;
    // `count` messages of 64 B, written to the socket.
    [[nodiscard]] virtual Result<void> publish(const std::string& topic, unsigned count) = 0;
    // How many messages came, at least one unless the time was up.
    [[nodiscard]] virtual Result<unsigned> receive(std::chrono::milliseconds timeout) = 0;
};

struct Broker {
    Child process;
    std::string address; // for `connect`
};

// A broker that a measurement can start and talk to. Errc::unavailable where it is missing.
struct Peer {
    std::string_view name;
    Result<Broker> (*start)(const Context& context);
    Result<std::unique_ptr<Connection>> (*connect)(const std::string& address);
};

// nats (SendAsap), nats-flusher (libnats' default: writes about every millisecond), mosquitto
// (QoS 0), redis-unix and redis-tcp; and noa, publish and subscribe from outside. nullptr for
// another name.
[[nodiscard]] const Peer* find_peer(std::string_view name) noexcept;

[[nodiscard]] Result<Broker> start_nats(const Context& context);
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_nats(const std::string& address);
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_nats_flusher(const std::string& address);
[[nodiscard]] Result<Broker> start_mosquitto(const Context& context);
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_mosquitto(const std::string& address);
[[nodiscard]] Result<Broker> start_redis_unix(const Context& context);
[[nodiscard]] Result<Broker> start_redis_tcp(const Context& context);
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_redis(const std::string& address);
[[nodiscard]] Result<Broker> start_noa(const Context& context);
[[nodiscard]] Result<std::unique_ptr<Connection>> connect_noa(const std::string& address);

// Of this peer's client library, where the bench was built without it.
[[nodiscard]] inline Failure built_without(const char* library) {
    return fail(Errc::unavailable, "talk to a peer", library, "the bench was built without it");
}

} // namespace noa::bench
