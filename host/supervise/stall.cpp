// A lane that does not come back from a call into its plugin: noticed, named, and told once.
//
// A lane that sleeps is looked at once a stall_limit; one that is awake, often enough to know
// within a tenth of a second when it came to stand still.

#include "base/clock.hpp"
#include "base/stack_probe.hpp"
#include "supervise/state.hpp"
#include "supervise/time.hpp"

namespace noa::supervise {

namespace {

constexpr std::int64_t closer_look = 100 * ns_per_ms;
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
    const auto busy_ns = lane.busy_for_ns();
    auto& seen = agent.lane_seen;
    if (busy_ns == 0) {
        seen = {};
        return now_ns + limit;
    }
    const auto calls = lane.calls();
    if (seen.generation != generation.blueprint().number || seen.calls != calls) {
        // The first call since it woke began then; of a later one this is the first that is seen.
        const bool first = calls - lane.calls_before() <= 1;
        seen = {generation.blueprint().number, calls, first ? now_ns - busy_ns : now_ns, false};
    }
    if (seen.told) {
        return now_ns + limit;
    }
    if (now_ns - seen.since_ns < limit) {
        return std::min(seen.since_ns + limit, now_ns + closer_look);
    }
    seen.told = true;
    tell_stall(agent, now_ns - seen.since_ns);
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
