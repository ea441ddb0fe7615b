#include "noa/host_tasks.hpp"

#include <string>
#include <thread>

#include "harness/samples.hpp"
#include "noa/host.hpp"
#include "noa/usage.hpp"

namespace noa::bench {

namespace {

constexpr unsigned outstanding_limit = 1000;
constexpr std::uint64_t one_way_window = 4'096;
constexpr std::uint64_t acknowledged_each = 256;
const std::string small = std::string(small_body, 'x');

struct Session {
    Host host;
    WireClient client;
};

Result<Session> open_session(const Context& context, const WantedHost& wanted) {
    auto host = Host::start(context, wanted);
    if (!host) {
        return tl::unexpected(host.error());
    }
    auto client = WireClient::connect(host->runtime_dir());
    if (!client) {
        return tl::unexpected(client.error());
    }
    return Session{std::move(*host), std::move(*client)};
}

unsigned number_at(const Context& context, std::size_t index) {
    return index < context.arguments.size()
               ? static_cast<unsigned>(std::stoul(context.arguments[index]))
               : 0U;
}

WireClient::Outgoing echo_request() {
    WireClient::Outgoing message;
    message.to = "b";
    message.subject = "echo";
    message.body = small;
    return message;
}

Result<void> one_round_trip(WireClient& client) {
    auto id = client.send(echo_request());
    WireMessage reply;
    auto received = id ? client.receive(reply) : Result<bool>(tl::unexpected(id.error()));
    if (!received) {
        return tl::unexpected(received.error());
    }
    if (!*received || reply.header.kind != wire_reply || reply.header.correlation[1] != *id) {
        return fail(Errc::internal, "call an agent", "echo", std::string(reply.body));
    }
    return {};
}

} // namespace

Result<Values> measure_noad_round_trip(const Context& context) {
    auto session = open_session(context, {.agents = {{.name = "a"}, {.name = "b"}}});
    if (!session) {
        return tl::unexpected(session.error());
    }
    return load_round_trips(ask_through(session->client), context, traceparent_for(context, 0));
}

Result<Values> measure_process_round_trip(const Context& context) {
    auto session = open_session(
        context, {.agents = {{.name = "a"}, {.name = "b", .options = "run = \"process\"\n"}}});
    if (!session) {
        return tl::unexpected(session.error());
    }
    return load_round_trips(ask_through(session->client), context);
}

Result<Values> measure_noad_two_cores(const Context& context) {
    if (std::thread::hardware_concurrency() < 2) {
        return fail(Errc::unavailable, "bind two lanes", "cores", "this machine has one");
    }
    auto session = open_session(context, {.agents = {{.name = "a", .settings = {{"cpu", 0}}},
                                                     {.name = "b", .settings = {{"cpu", 1}}}},
                                          .spin = context.arguments.at(0) + "us"});
    if (!session) {
        return tl::unexpected(session.error());
    }
    return load_round_trips(ask_through(session->client), context);
}

Result<Values> measure_noad_stream(const Context& context) {
    const auto senders = number_at(context, 0);
    WantedHost wanted{.agents = {{.name = "b"}}};
    for (unsigned i = 0; i < senders; ++i) {
        wanted.agents.push_back({.name = "s" + std::to_string(i)});
    }
    auto session = open_session(context, wanted);
    if (!session) {
        return tl::unexpected(session.error());
    }
    return load_stream(ask_through(session->client), context, senders, number_at(context, 1),
                       context.arguments.at(2), traceparent_for(context, 3));
}

namespace {

// Of a noad with "a", "b" and `names`.
Result<Values> crowd(const Context& context, const std::vector<std::string>& names) {
    WantedHost wanted{.agents = {{.name = "a"}, {.name = "b"}}};
    for (const auto& name : names) {
        wanted.agents.push_back({.name = name});
    }
    auto session = open_session(context, wanted);
    if (!session) {
        return tl::unexpected(session.error());
    }
    auto memory = read_memory(session->host.process().pid());
    if (!memory) {
        return tl::unexpected(memory.error());
    }
    auto values = load_lookups(ask_through(session->client),
                               names.empty() ? std::vector<std::string>{"b"} : names);
    if (values) {
        values->insert({{"pss_kb", memory->pss_kb},
                        {"own_kb", memory->own_kb},
                        {"start_ms", static_cast<double>(session->host.start_ns()) / 1e6}});
    }
    return values;
}

} // namespace

Result<Values> measure_noad_crowd(const Context& context) {
    auto alone = crowd(context, {});
    if (!alone) {
        return alone;
    }
    std::vector<std::string> names;
    for (unsigned i = 0; i < number_at(context, 0); ++i) {
        names.push_back("idle-" + std::to_string(i));
    }
    auto values = crowd(context, names);
    if (values) {
        const auto count = static_cast<double>(names.size());
        for (const char* what : {"own_kb", "pss_kb", "start_ms"}) {
            (*values)[std::string(what) + "_each"] = (values->at(what) - alone->at(what)) / count;
        }
        (*values)["send_ratio"] = values->at("send_ns") / alone->at("send_ns");
    }
    return values;
}

Result<Values> measure_outside_round_trip(const Context& context) {
    auto session = open_session(context, {.agents = {{.name = "b"}}});
    if (!session) {
        return tl::unexpected(session.error());
    }
    return measure_round_trips(
        context.budget, [&] { return one_round_trip(session->client); },
        [&] { return own_cpu_ns() + session->host.process().cpu_ns(); });
}

namespace {

// Sends up to the window, in which every so many messages one is answered.
Result<void> send_window(WireClient& client, std::uint64_t& sent, std::uint64_t until) {
    auto asking = echo_request();
    auto telling = echo_request();
    telling.flags = wire_no_reply;
    telling.subject = "sink";
    for (; sent < until; ++sent) {
        const bool asks = (sent + 1) % acknowledged_each == 0;
        if (auto done = client.send(asks ? asking : telling); !done) {
            return tl::unexpected(done.error());
        }
    }
    return {};
}

} // namespace

Result<Values> measure_outside_one_way(const Context& context) {
    auto session = open_session(context, {.agents = {{.name = "b"}}});
    if (!session) {
        return tl::unexpected(session.error());
    }
    auto& client = session->client;
    StreamWindow window(context.budget,
                        [&] { return own_cpu_ns() + session->host.process().cpu_ns(); });
    std::uint64_t sent = 0;
    for (std::uint64_t handled = 0;;) {
        if (auto done = send_window(client, sent, handled + one_way_window); !done) {
            return tl::unexpected(done.error());
        }
        WireMessage reply;
        auto received = client.receive(reply);
        for (; received && *received; received = client.receive(reply, ZMQ_DONTWAIT)) {
            if (reply.header.kind != wire_reply) {
                return fail(Errc::internal, "send to an agent", "sink", std::string(reply.body));
            }
            handled += acknowledged_each;
            for (std::uint64_t i = 0; i < acknowledged_each; ++i) {
                if (!window.count()) {
                    return window.values();
                }
            }
        }
        if (!received) {
            return tl::unexpected(received.error());
        }
        if (sent - handled >= one_way_window) {
            return fail(Errc::timed_out, "send to an agent", "sink", "nothing came within 10 s");
        }
    }
}

Result<Values> measure_outside_pipelined(const Context& context) {
    const auto sampling = context.arguments.empty() ? "" : context.arguments.at(0);
    auto session = open_session(context, {.agents = {{.name = "b"}}, .sampling = sampling});
    if (!session) {
        return tl::unexpected(session.error());
    }
    auto& client = session->client;
    StreamWindow window(context.budget,
                        [&] { return own_cpu_ns() + session->host.process().cpu_ns(); });
    for (unsigned outstanding = 0;;) {
        for (; outstanding < outstanding_limit; ++outstanding) {
            if (auto sent = client.send(echo_request()); !sent) {
                return tl::unexpected(sent.error());
            }
        }
        WireMessage reply;
        auto received = client.receive(reply);
        for (; received && *received; received = client.receive(reply, ZMQ_DONTWAIT)) {
            if (reply.header.kind != wire_reply) {
                return fail(Errc::internal, "call an agent", "echo", std::string(reply.body));
            }
            --outstanding;
            if (!window.count()) {
                return window.values();
            }
            if (outstanding == 0) {
                break;
            }
        }
        if (!received) {
            return tl::unexpected(received.error());
        }
        if (outstanding == outstanding_limit) {
            return fail(Errc::timed_out, "call an agent", "echo", "nothing came within 10 s");
        }
    }
}

} // namespace noa::bench
