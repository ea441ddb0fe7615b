// A lane that does not come back from a call into its plugin: noticed, named, and told once.
//
// Each call has the time of its beginning, so one look a stall_limit is enough.

#include "base/clock.hpp"
#include "base/stack_probe.hpp"
#include "supervise/state.hpp"
#include "supervise/time.hpp"

namespace noa::supervise {

namespace {

constexpr std::chrono::milliseconds probe_patience{50};

} // namespace

// [operation held] When to look again. What runs in a process has its link to look after it.
std::int64_t Supervisor::State::look_at_lane(Agent& agent, std::int64_t now_ns) {
    if (!agent.current || agent.current->config().run == "process") {
        return never;
    }
    auto& generation = *agent.current;
    auto& lane = generation.lane();
    const auto limit = ns_of(generation.config().stall_limit);
    if (lane.busy_for_ns() == 0) {
        return now_ns + limit;
    }
    const auto begun_ns = lane.last_begun_ns();
    if (now_ns - begun_ns < limit) {
        return begun_ns + limit;
    }
    if (agent.told_stall_ns != begun_ns) {
        agent.told_stall_ns = begun_ns;
        tell_stall(agent, now_ns - begun_ns);
    }
    return now_ns + limit;
}

void Supervisor::State::tell_stall(Agent& agent, std::int64_t for_ns) {
    auto& generation = *agent.current;
    auto where = StackProbe::ask(generation.lane().thread(), probe_patience);
    const auto calls = where ? where->calls : std::vector<std::string>();
    const auto doing = where && !where->doing.empty() ? where->doing : std::string("a call");
    const auto text = "its lane has not returned from " + doing + " for " +
                      std::to_string(for_ns / ns_per_ms) + " ms";
    {
        const std::lock_guard lock(mutex);
        agent.note = text;
    }
    log.write(
        Level::error, "agent.stalled",
        {{"agent", agent.name},
         {"generation", generation.blueprint().number},
         {"operation", doing},
         {"for_ms", for_ns / ns_per_ms},
         {"stack", joined(calls)},
         {"advice", "nothing ends a thread but the host's restart; run = \"process\" is ended "
                    "at stall_limit"}});
    bus.announce("host.agent." + agent.name,
                 nlohmann::json{{"agent", agent.name},
                                {"action", "stalled"},
                                {"generation", generation.blueprint().number},
                                {"operation", doing},
                                {"text", text},
                                {"stack", calls}}
                     .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace noa::supervise
