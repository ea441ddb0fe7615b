#include "peers/relay.hpp"

#include <unistd.h>

#include "harness/process.hpp"
#include "harness/samples.hpp"
#include "peers/connection.hpp"

namespace noa::bench {

namespace {

constexpr std::chrono::seconds limit{10};
constexpr unsigned batch = 64;
constexpr std::uint64_t window_size = 4'096;
constexpr std::uint64_t acknowledged_each = 256;

struct Session {
    Broker broker;
    Child other;
    std::unique_ptr<Connection> connection;
};

Result<const Peer*> peer_of(const Context& context) {
    const auto* peer = context.arguments.empty() ? nullptr : find_peer(context.arguments.front());
    if (peer == nullptr) {
        return fail(Errc::invalid, "find a peer", "arguments", "no such peer");
    }
    return peer;
}

// Connects first, so that a missing client library is known before anything starts.
Result<Session> open_session(const Context& context, std::string_view other_task,
                             const std::string& topic) {
    auto peer = peer_of(context);
    if (!peer) {
        return tl::unexpected(peer.error());
    }
    auto broker = (*peer)->start(context);
    if (!broker) {
        return tl::unexpected(broker.error());
    }
    auto connection = (*peer)->connect(broker->address);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    auto other =
        Child::spawn_task(other_task, context,
                          {context.arguments.front(), broker->address,
                           std::to_string(broker->process.pid()), std::to_string(::getpid())});
    if (!other) {
        return tl::unexpected(other.error());
    }
    if (auto ready = other->read_line(limit); !ready || *ready != "ready") {
        return fail(Errc::system, "start the other side", std::string((*peer)->name),
                    ready ? *ready : ready.error().text());
    }
    if (auto subscribed = (*connection)->subscribe(topic); !subscribed) {
        return tl::unexpected(subscribed.error());
    }
    return Session{std::move(*broker), std::move(*other), std::move(*connection)};
}

Result<std::unique_ptr<Connection>> open_other_side(const Context& context,
                                                    const std::string& topic) {
    auto peer = peer_of(context);
    if (!peer || context.arguments.size() < 4) {
        return fail(Errc::invalid, "read arguments", "other side", "peer, address, two pids");
    }
    auto connection = (*peer)->connect(context.arguments[1]);
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    if (auto subscribed = (*connection)->subscribe(topic); !subscribed) {
        return tl::unexpected(subscribed.error());
    }
    announce_ready();
    return connection;
}

Result<void> one_round_trip(Connection& connection) {
    if (auto sent = connection.publish("ping", 1); !sent) {
        return sent;
    }
    auto received = connection.receive(limit);
    if (!received) {
        return tl::unexpected(received.error());
    }
    if (*received == 0) {
        return fail(Errc::timed_out, "receive", "pong", "nothing came within 10 s");
    }
    return {};
}

// Publishes until the other side has seen enough and ends.
Result<void> publish_all(Session& session) {
    std::uint64_t sent = 0;
    std::uint64_t acknowledged = 0;
    while (!session.other.wait(std::chrono::milliseconds(0))) {
        if (sent - acknowledged >= window_size) {
            auto received = session.connection->receive(std::chrono::milliseconds(100));
            if (!received) {
                return tl::unexpected(received.error());
            }
            acknowledged += *received * acknowledged_each;
            continue;
        }
        if (auto published = session.connection->publish("stream", batch); !published) {
            return published;
        }
        sent += batch;
    }
    return {};
}

} // namespace

Result<Values> measure_relay_round_trip(const Context& context) {
    auto session = open_session(context, "peer.echo", "pong");
    if (!session) {
        return tl::unexpected(session.error());
    }
    return measure_round_trips(
        context.budget, [&] { return one_round_trip(*session->connection); },
        [&] { return own_cpu_ns() + session->other.cpu_ns() + session->broker.process.cpu_ns(); });
}

Result<Values> serve_relay_echo(const Context& context) {
    auto connection = open_other_side(context, "ping");
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    // Ends with the process that started it.
    for (;;) {
        auto received = (*connection)->receive(limit);
        if (!received || *received == 0) {
            return Values{};
        }
        if (auto sent = (*connection)->publish("pong", *received); !sent) {
            return tl::unexpected(sent.error());
        }
    }
}

Result<Values> measure_relay_stream(const Context& context) {
    auto session = open_session(context, "peer.subscriber", "acknowledged");
    if (!session) {
        return tl::unexpected(session.error());
    }
    if (auto published = publish_all(*session); !published) {
        return tl::unexpected(published.error());
    }
    return session->other.read_values(limit);
}

Result<Values> count_relay_stream(const Context& context) {
    auto connection = open_other_side(context, "stream");
    if (!connection) {
        return tl::unexpected(connection.error());
    }
    const auto broker = static_cast<pid_t>(std::stoi(context.arguments[2]));
    const auto publisher = static_cast<pid_t>(std::stoi(context.arguments[3]));
    StreamWindow window(context.budget,
                        [&] { return own_cpu_ns() + cpu_of(broker) + cpu_of(publisher); });
    std::uint64_t seen = 0;
    for (;;) {
        auto received = (*connection)->receive(limit);
        if (!received) {
            return tl::unexpected(received.error());
        }
        if (*received == 0) {
            return fail(Errc::timed_out, "receive", "stream",
                        "nothing came within 10 s after " + std::to_string(seen));
        }
        for (unsigned i = 0; i < *received; ++i) {
            if (!window.count()) {
                return window.values();
            }
            if (++seen % acknowledged_each == 0) {
                if (auto sent = (*connection)->publish("acknowledged", 1); !sent) {
                    return tl::unexpected(sent.error());
                }
            }
        }
    }
}

} // namespace noa::bench
