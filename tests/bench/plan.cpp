#include "plan.hpp"

#include <array>

namespace noa::bench {

namespace {

constexpr auto one_core = Placement::one_core;
constexpr auto unbound = Placement::free;
const auto name = figure_name;
using Builder = CatalogueBuilder;

struct PeerName {
    const char* name;
    const char* subject;
};
constexpr std::array peers{
    PeerName{"nats", "nats (SendAsap)"}, PeerName{"mosquitto", "mosquitto (QoS 0)"},
    PeerName{"redis-unix", "redis pub/sub (unix)"}, PeerName{"redis-tcp", "redis pub/sub (tcp)"}};

constexpr std::array lookups{"1", "10", "100", "1000"};

void add_raw(Builder& builder) {
    const std::vector<Builder::Metric> hop_metrics{{"p50_us", "p50", "us"},
                                                   {"p99_us", "p99", "us"},
                                                   {"cpu_us", "cpu", "us"},
                                                   {"hop_us", "one hop", "us"}};
    builder.add("raw inproc round trip", {"raw.inproc.rtt", one_core}, hop_metrics);
    builder.add("raw inproc round trip", {"raw.inproc.rtt", unbound}, hop_metrics);
    builder.add_stream("raw inproc one-way", "raw.inproc.stream");
    builder.add_stream("raw inproc one-way, 4 senders", "raw.inproc.stream4");
    builder.add_stream("raw inproc 64 KiB copied", "raw.inproc.large_copied");
    builder.add_stream("raw inproc 64 KiB shared", "raw.inproc.large_shared");
    builder.add_round_trip("raw ipc round trip", "raw.ipc.rtt");
    builder.add_stream("raw ipc pipelined", "raw.ipc.pipelined");
    builder.add_round_trip("bare gateway round trip", "raw.gateway.rtt");
    builder.add_stream("bare gateway pipelined", "raw.gateway.pipelined");
}

void add_peers(Builder& builder) {
    for (const auto& peer : peers) {
        builder.add_round_trip(std::string(peer.subject) + " round trip", "peer.rtt", {peer.name});
    }
    for (const auto& peer : peers) {
        builder.add_stream(std::string(peer.subject) + " one-way", "peer.stream", {peer.name});
    }
    builder.add_stream("nats (default flusher) one-way", "peer.stream", {"nats-flusher"});
}

void add_bus(Builder& builder) {
    builder.add_round_trip("bus round trip", "bus.rtt");
    for (const char* spin : {"0", "50"}) {
        builder.add("bus round trip, two cores, spin " + std::string(spin) + " us",
                    {"bus.two_cores", unbound, {spin}},
                    {{"p50_us", "p50", "us"}, {"p99_us", "p99", "us"}, {"cpu_us", "cpu", "us"}});
    }
    builder.add_stream("bus one-way", "bus.stream", {"1", "64", "copied"});
    builder.add_stream("bus one-way, send_many", "bus.stream", {"1", "64", "many"});
    builder.add_stream("bus one-way, 4 senders", "bus.stream", {"4", "64", "copied"});
    builder.add_stream("bus 64 KiB copied", "bus.stream", {"1", "65536", "copied"});
    builder.add_stream("bus 64 KiB in place", "bus.stream", {"1", "65536", "in_place"});
    for (const char* names : lookups) {
        builder.add("bus lookup among " + std::string(names), {"bus.lookup", one_core, {names}},
                    {{"lookup_ns", "lookup", "ns"}, {"send_ns", "lookup and send", "ns"}});
    }
}

void add_noad(Builder& builder, bool quick) {
    builder.add_round_trip("noa round trip", "noad.rtt");
    for (const char* spin : {"0", "50"}) {
        builder.add("noa round trip, two cores, spin " + std::string(spin) + " us",
                    {"noad.two_cores", unbound, {spin}},
                    {{"p50_us", "p50", "us"}, {"p99_us", "p99", "us"}, {"cpu_us", "cpu", "us"}});
    }
    builder.add_round_trip("noa process round trip", "noad.process_rtt");
    builder.add_stream("noa one-way", "noad.stream", {"1", "64", "copied"});
    builder.add_stream("noa one-way, send_many", "noad.stream", {"1", "64", "many"});
    builder.add_stream("noa one-way, 4 senders", "noad.stream", {"4", "64", "copied"});
    builder.add_stream("noa 64 KiB copied", "noad.stream", {"1", "65536", "copied"});
    builder.add_stream("noa 64 KiB in place", "noad.stream", {"1", "65536", "in_place"});
    builder.add_round_trip("noa outside round trip", "outside.rtt");
    builder.add_stream("noa outside pipelined", "outside.pipelined");
    builder.add_stream("noa outside one-way", "outside.one_way");
    builder.add_round_trip("noa outside-outside round trip", "peer.rtt", {"noa"});
    builder.add_stream("noa outside-outside one-way", "peer.stream", {"noa"});
    builder.add("noa start", {"noad.start", unbound},
                {{"first_ms", "first", "ms"}, {"again_ms", "again", "ms"}});
    Measurement drop_in{"noad.drop_in", unbound, {"30"}};
    drop_in.once = quick;
    builder.add("noa plugin file", drop_in,
                {{"appeared_p50_ms", "first appearance, p50", "ms"},
                 {"appeared_p99_ms", "first appearance, p99", "ms"},
                 {"replaced_p50_ms", "new generation, p50", "ms"},
                 {"replaced_p99_ms", "new generation, p99", "ms"}});
    Measurement crowd{"noad.crowd", one_core, {quick ? "20" : "100"}};
    crowd.once = true;
    builder.add("noa with " + crowd.arguments[0] + " idle agents", crowd,
                {{"own_kb_each", "memory each beyond code", "KB"},
                 {"pss_kb_each", "PSS each", "KB"},
                 {"start_ms_each", "start each", "ms"},
                 {"lookup_ns", "lookup", "ns"},
                 {"send_ratio", "lookup and send against none", "x"}});
}

constexpr std::array contexts{"none", "carried", "recorded"};
constexpr std::array shares{"0.0", "0.01", "1.0"};

std::string in_context(const char* what, const char* context) {
    return std::string("noa ") + what + ", context " + context;
}

std::string sampled(const char* share) {
    return std::string("noa outside pipelined, sampling ") + share;
}

void add_traces(Builder& builder) {
    for (const char* context : contexts) {
        builder.add(in_context("round trip", context), {"traces.rtt", one_core, {context}},
                    {{"p50_us", "p50", "us"}, {"p99_us", "p99", "us"}, {"cpu_us", "cpu", "us"}});
    }
    for (const char* context : contexts) {
        builder.add(in_context("one-way", context),
                    {"traces.stream", one_core, {"1", "64", "copied", context}},
                    {{"per_s", "rate", "1/s"}, {"cpu_us", "cpu", "us"}});
    }
    for (const char* share : shares) {
        builder.add(sampled(share), {"traces.outside", one_core, {share}},
                    {{"per_s", "rate", "1/s"}, {"cpu_us", "cpu", "us"}});
    }
}

void add_idle(Builder& builder, const char* seconds) {
    const std::vector<Builder::Metric> metrics{{"pss_mb", "PSS", "MB"},
                                               {"cpu_percent", "cpu", "%"},
                                               {"wakeups_per_s", "wake-ups", "1/s"},
                                               {"fastest_per_s", "fastest thread", "1/s"},
                                               {"threads", "threads", ""}};
    Measurement noad{"noad.idle", unbound, {seconds}};
    noad.once = true;
    builder.add("noa idle", noad, metrics);
    for (const auto& [peer, subject] :
         {PeerName{"nats", "nats-server idle"}, PeerName{"redis-tcp", "redis-server idle"},
          PeerName{"mosquitto", "mosquitto idle"}}) {
        Measurement measurement{"peer.idle", unbound, {peer, seconds}};
        measurement.once = true;
        builder.add(subject, measurement, metrics);
    }
}

void expect_in_process(Builder& builder) {
    const std::string round_trip = "in-process request/reply, 64 B";
    builder.expect(round_trip, name("noa round trip", "p50", one_core), Sense::at_most, 1.15,
                   {name("raw inproc round trip", "p50", one_core)});
    // Without noad around it.
    builder.expect(round_trip, name("bus round trip", "p50", one_core), Sense::at_most, 1.15,
                   {name("raw inproc round trip", "p50", one_core)});
    builder.expect(round_trip, name("noa round trip, two cores, spin 50 us", "p50", unbound),
                   Sense::at_most, 0.1,
                   {name("noa round trip, two cores, spin 0 us", "p50", unbound)});
    const std::string one_way = "in-process one-way, 64 B";
    builder.expect(one_way, name("noa one-way", "rate", one_core), Sense::at_least, 1.2,
                   {name("raw inproc one-way", "rate", one_core)});
    builder.expect(one_way, name("noa one-way", "cpu", one_core), Sense::at_most, 0.15);
    // By CPU, on a machine that does other things too: one core gives 1 / CPU messages a second.
    builder.expect(one_way, name("noa one-way", "cpu", one_core), Sense::at_most, 1 / 1.2,
                   {name("raw inproc one-way", "cpu", one_core)});
    builder.expect(one_way, name("noa one-way, 4 senders", "cpu", one_core), Sense::at_most, 1,
                   {name("noa one-way", "cpu", one_core)});
    for (const auto placement : {one_core, unbound}) {
        builder.expect(one_way, name("noa one-way, 4 senders", "rate", placement), Sense::at_least,
                       1, {name("noa one-way", "rate", placement)});
    }
    builder.expect("in-process 64 KiB", name("noa 64 KiB in place", "rate", one_core),
                   Sense::at_least, 5, {name("noa 64 KiB copied", "rate", one_core)});
    builder.expect("in-process 64 KiB", name("noa 64 KiB in place", "rate", one_core),
                   Sense::at_least, 5, {name("raw inproc 64 KiB copied", "rate", one_core)});
    builder.expect("in-process 64 KiB", name("noa 64 KiB in place", "cpu", one_core),
                   Sense::at_most, 1 / 5.0, {name("noa 64 KiB copied", "cpu", one_core)});
}

void expect_outside(Builder& builder) {
    const std::string group = "outside client over ipc, one core";
    const auto raw_ipc = name("raw ipc round trip", "p50", one_core);
    const auto round_trip = name("noa outside round trip", "p50", one_core);
    builder.expect(group, round_trip, Sense::at_most, 1.15,
                   {raw_ipc, name("raw inproc round trip", "one hop", one_core)});
    // The same with the hop there and the hop back, and against a gateway that does nothing.
    builder.expect(group, round_trip, Sense::at_most, 1.15,
                   {raw_ipc, name("raw inproc round trip", "p50", one_core)});
    builder.expect(group, round_trip, Sense::at_most, 1.15,
                   {name("bare gateway round trip", "p50", one_core)});
    builder.expect(group, name("noa outside pipelined", "rate", one_core), Sense::at_least, 0.6,
                   {name("bare gateway pipelined", "rate", one_core)});
    builder.expect(group, name("noa outside pipelined", "cpu", one_core), Sense::at_most, 1 / 0.6,
                   {name("bare gateway pipelined", "cpu", one_core)});
}

// An agent in its own process, asked by one in the host: the way over the link, and the hop.
void expect_of_processes(Builder& builder) {
    builder.expect("agent in its own process, request/reply, 64 B",
                   name("noa process round trip", "p50", one_core), Sense::at_most, 1.3,
                   {name("raw ipc round trip", "p50", one_core),
                    name("raw inproc round trip", "one hop", one_core)});
}

void expect_of_peers(Builder& builder) {
    for (const auto& peer : peers) {
        const auto round_trip = name(std::string(peer.subject) + " round trip", "p50", one_core);
        const auto one_way = name(std::string(peer.subject) + " one-way", "rate", one_core);
        const std::string group = std::string("against ") + peer.subject;
        builder.expect(group, name("noa outside round trip", "p50", one_core), Sense::at_most, 1,
                       {round_trip});
        builder.expect(group, name("noa outside-outside round trip", "p50", one_core),
                       Sense::at_most, 1, {round_trip});
        builder.expect(group, name("noa round trip", "p50", one_core), Sense::at_most, 0.2,
                       {round_trip});
        builder.expect(group, name("noa one-way", "rate", one_core), Sense::at_least, 2, {one_way});
        for (const char* outside : {"noa outside one-way", "noa outside-outside one-way"}) {
            builder.expect(group, name(outside, "rate", one_core), Sense::at_least, 2, {one_way});
        }
    }
}

void expect_of_host(Builder& builder, bool quick) {
    const std::string idle = "idle host with heartbeat and cache";
    builder.expect(idle, name("noa idle", "PSS", unbound), Sense::at_most, 12);
    builder.expect(idle, name("noa idle", "cpu", unbound), Sense::at_most, 0.1);
    builder.expect(idle, name("noa idle", "fastest thread", unbound), Sense::at_most, 1);
    for (const char* which : {"first", "again"}) {
        builder.expect("start to all agents healthy", name("noa start", which, unbound),
                       Sense::at_most, 100);
    }
    const std::string drop_in = "file renamed into the plugin directory to agent serving";
    builder.expect(drop_in, name("noa plugin file", "first appearance, p99", unbound),
                   Sense::at_most, 200);
    builder.expect(drop_in, name("noa plugin file", "new generation, p50", unbound), Sense::at_most,
                   60);
    const std::string lookup = "route lookup, flat";
    for (const char* names : {"10", "100", "1000"}) {
        builder.expect(
            lookup, name("bus lookup among " + std::string(names), "lookup and send", one_core),
            Sense::at_most, 1.2, {name("bus lookup among 1", "lookup and send", one_core)});
    }
    const std::string crowd = quick ? "noa with 20 idle agents" : "noa with 100 idle agents";
    builder.expect(lookup, name(crowd, "lookup and send against none", one_core), Sense::at_most,
                   1.2);
    builder.expect("memory per idle agent", name(crowd, "memory each beyond code", one_core),
                   Sense::at_most, 200);
}

// What there is to record is its sender's, or the operator's, choice: by default it costs nobody.
void expect_of_traces(Builder& builder) {
    const std::string group = "traces, 64 B";
    builder.expect(group, name(sampled("0.01"), "rate", one_core), Sense::at_least, 0.97,
                   {name(sampled("0.0"), "rate", one_core)});
    builder.compare(group, name(sampled("1.0"), "rate", one_core),
                    {name(sampled("0.0"), "rate", one_core)});
    for (const char* context : {"carried", "recorded"}) {
        builder.compare(group, name(in_context("round trip", context), "p50", one_core),
                        {name(in_context("round trip", "none"), "p50", one_core)});
        builder.compare(group, name(in_context("one-way", context), "rate", one_core),
                        {name(in_context("one-way", "none"), "rate", one_core)});
    }
}

// What a short run can do without: placement by the scheduler, the bus without its host.
bool is_long(const std::string& measurement) {
    const auto has = [&](const char* part) { return measurement.find(part) != std::string::npos; };
    return has("nats-flusher") || has("bus.rtt") || has("bus.stream") || has("bus.two_cores") ||
           (has("@free") && !has("two_cores") && !has("idle") && !has("start"));
}

} // namespace

Catalogue make_catalogue(const std::string& only, bool quick) {
    Builder builder;
    add_raw(builder);
    add_bus(builder);
    add_noad(builder, quick);
    add_peers(builder);
    add_traces(builder);
    add_idle(builder, quick ? "4" : "30");
    expect_in_process(builder);
    expect_outside(builder);
    expect_of_processes(builder);
    expect_of_peers(builder);
    expect_of_host(builder, quick);
    expect_of_traces(builder);
    auto catalogue = builder.take();
    // Of one row alone the libraries beside it are wanted, not every broker.
    select_compared(
        catalogue, [&](const std::string& key) { return key.find(only) != std::string::npos; },
        [](const std::string& key) { return key.starts_with("raw."); });
    if (quick) {
        select(catalogue, [&](const std::string& key) {
            return !is_long(key) && (!only.empty() || !key.starts_with("traces."));
        });
    }
    return catalogue;
}

} // namespace noa::bench
