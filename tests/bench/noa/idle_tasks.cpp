#include "noa/host.hpp"
#include "noa/host_tasks.hpp"
#include "noa/usage.hpp"
#include "peers/connection.hpp"

namespace noa::bench {

namespace {

// What is left over from the start is not idleness.
constexpr std::chrono::seconds settling{2};
constexpr std::chrono::seconds probation{10}; // the default: new code is looked at meanwhile

std::chrono::milliseconds seconds_at(const Context& context, std::size_t index) {
    return std::chrono::seconds(std::stoi(context.arguments.at(index)));
}

WantedHost standard_host() {
    return {.agents = {{.name = "heartbeat", .plugin = "heartbeat"},
                       {.name = "cache", .plugin = "cache"}}};
}

} // namespace

Result<Values> measure_idle_host(const Context& context) {
    auto host = Host::start(context, standard_host());
    if (!host) {
        return tl::unexpected(host.error());
    }
    if (host->process().wait(settling + probation)) {
        return fail(Errc::system, "watch noad", "noad", "it ended");
    }
    return watch_idle(host->process(), seconds_at(context, 0));
}

Result<Values> measure_idle_peer(const Context& context) {
    const auto* peer = find_peer(context.arguments.at(0));
    if (peer == nullptr) {
        return fail(Errc::invalid, "find a peer", context.arguments.at(0), "no such peer");
    }
    auto broker = peer->start(context);
    if (!broker) {
        return tl::unexpected(broker.error());
    }
    if (broker->process.wait(settling)) {
        return fail(Errc::system, "watch a peer", context.arguments.at(0), "it ended");
    }
    return watch_idle(broker->process, seconds_at(context, 1));
}

Result<Values> measure_start(const Context& context) {
    Values values;
    for (const char* metric : {"first_ms", "again_ms"}) {
        auto host = Host::start(context, standard_host());
        if (!host) {
            return tl::unexpected(host.error());
        }
        values[metric] = static_cast<double>(host->start_ns()) / 1e6;
        host->process().stop();
    }
    return values;
}

} // namespace noa::bench
