// What the supervisor tells about itself.
#include <unistd.h>

#include <array>
#include <cinttypes>
#include <cstdio>

#include "base/clock.hpp"
#include "base/file.hpp"
#include "config/explain.hpp"
#include "config/shown.hpp"
#include "supervise/counters.hpp"
#include "supervise/state.hpp"

namespace noa::supervise {

using nlohmann::json;

json counters_of(const bus::Inbox& inbox) {
    const auto& counters = inbox.counters();
    const auto handled = counters.handled.get() + counters.handled_deferred.load();
    return {{"handled", handled},
            {"failed", counters.failed.get() + counters.failed_deferred.load()},
            {"refused", counters.refused.get()},
            {"redelivered", counters.redelivered.get()},
            {"expired", counters.expired.get()},
            {"dead", counters.dead.get()},
            {"dead_unannounced", counters.dead_unannounced.get()},
            {"answers", counters.answers.get()},
            {"discarded_answers", counters.discarded.get()},
            {"late_settlements", counters.late.load()},
            {"busy_ns", counters.busy_ns.get()},
            {"average_ns", handled == 0 ? 0 : counters.busy_ns.get() / handled}};
}

json durations_of(const bus::Inbox& inbox) {
    constexpr std::array<std::int64_t, 11> bounds_ms{1,    4,    16,   64,     256,   512,
                                                     1024, 2048, 4096, 16'384, 65'536};
    constexpr double ms_of_second = 1e3;
    const auto& took = inbox.counters().took;
    const auto counts = took.counts();
    auto buckets = json::array();
    for (const auto bound : bounds_ms) {
        buckets.push_back(
            {static_cast<double>(bound) / ms_of_second, bus::shorter_than(counts, bound)});
    }
    const auto at = [&](unsigned percent) {
        return static_cast<double>(bus::percentile(counts, {}, percent).ms) / ms_of_second;
    };
    return {{"type", "histogram"},
            {"help", "How long messages took, from the first call until they were settled"},
            {"buckets", std::move(buckets)},
            {"count", bus::percentile(counts, {}, 50).total},
            {"sum", static_cast<double>(took.sum_ns()) / 1e9},
            {"p50", at(50)},
            {"p95", at(95)},
            {"p99", at(99)}};
}

namespace {

json to_json(const AgentSockets& sockets) {
    auto listening = json::array();
    for (const auto& [address, port, fd] : sockets.listening()) {
        json entry{{"address", address}, {"fd", fd}};
        if (port != 0) {
            entry["port"] = port;
        }
        listening.push_back(std::move(entry));
    }
    return {{"listening", std::move(listening)}, {"kept", sockets.kept()}};
}

// Of nobody's concern while there is none.
json to_json(const std::optional<AgentArena::Told>& arena) {
    if (!arena) {
        return nullptr;
    }
    std::array<char, 24> layout{}; // a number that any program can read
    std::snprintf(layout.data(), layout.size(), "0x%" PRIx64, arena->layout);
    return {{"size", arena->size},
            {"resident", arena->resident},
            {"layout", layout.data()},
            {"epoch", arena->epoch},
            {"condition", arena->is_open                        ? "open"
                          : arena->condition == NOA_ARENA_CLEAN ? "clean"
                                                                : "dirty"}};
}

std::uint64_t handled_of(const json& counters) {
    return counters.at("handled");
}

} // namespace

json Supervisor::State::brief(const Agent& agent) const {
    const auto* endpoint = bus.routes().find(agent.name);
    const auto* current = agent.current.get();
    const auto counters = endpoint != nullptr ? counters_of(endpoint->inbox()) : json::object();
    return {{"name", agent.name},
            {"plugin", agent.wanted.plugin},
            {"version", current != nullptr ? current->blueprint().facts.version : ""},
            {"state", name_of(agent.state)},
            {"generation", current != nullptr ? current->blueprint().number : agent.last_number},
            {"run", agent.wanted.run},
            {"autoloaded", agent.wanted.autoloaded},
            {"depth", endpoint != nullptr ? endpoint->inbox().depth() : 0},
            {"handled", endpoint != nullptr ? handled_of(counters) : 0},
            {"failed", endpoint != nullptr ? counters.at("failed").get<std::uint64_t>() : 0},
            {"reloads", agent.reloads},
            {"restarts", agent.restarts},
            {"health", name_of(agent.watch.checks.status(agent.wanted))},
            {"since_unix_ns", current != nullptr ? current->started_unix_ns() : 0},
            {"note", agent.note.empty() ? agent.last_error : agent.note}};
}

json Supervisor::agents() const {
    const std::lock_guard lock(state_->mutex);
    auto list = json::array();
    for (const auto& [name, agent] : state_->agents) {
        if (agent->current || state_->in_force.agents.contains(name)) {
            list.push_back(state_->brief(*agent));
        }
    }
    return list;
}

json Supervisor::status() const {
    const auto all = agents();
    json counts{{"total", all.size()}, {"running", 0}, {"stopped", 0}, {"failed", 0}};
    std::uint64_t handled = 0;
    std::uint64_t waiting = 0;
    for (const auto& agent : all) {
        const auto state = agent.at("state").get<std::string>();
        counts[state] = counts.value(state, 0) + 1;
        handled += agent.at("handled").get<std::uint64_t>();
        waiting += agent.at("depth").get<std::uint64_t>();
    }
    auto pins = json::array();
    for (const auto& pin : state_->leftovers.pins()) {
        pins.push_back({{"agent", pin.agent},
                        {"generation", pin.generation},
                        {"file", pin.path},
                        {"reason", pin.reason}});
    }
    const auto room = room_in(state_->paths.state_dir);
    const std::lock_guard lock(state_->mutex);
    return {{"version", NOA_VERSION},
            {"pid", ::getpid()},
            {"uptime_s", (unix_ns() - state_->started_unix_ns) / 1'000'000'000},
            {"environment", state_->in_force.host.environment},
            {"state", state_->shutting_down ? "stopping" : "running"},
            {"agents", std::move(counts)},
            {"pinned", std::move(pins)},
            {"messages", {{"handled", handled}, {"waiting", waiting}}},
            {"state_dir",
             {{"path", state_->paths.state_dir.string()},
              {"free_bytes", room.free_bytes},
              {"read_only", room.read_only}}},
            {"last_crash", state_->last_crash ? json(state_->last_crash->text()) : json()},
            {"notices", state_->in_force.notices}};
}

Result<json> Supervisor::agent(const std::string& name) const {
    const auto found = state_->find(name, "show");
    if (!found) {
        return Failure(found.error());
    }
    const std::lock_guard lock(state_->mutex);
    const Agent& agent = **found;
    json out = state_->brief(agent);
    const auto& wanted = agent.wanted;
    out["enabled"] = wanted.enabled;
    out["depends_on"] = wanted.depends_on;
    out["optional"] = wanted.optional;
    out["capabilities"] = wanted.capabilities;
    out["queue_size"] = wanted.queue_size;
    out["concurrency"] = wanted.concurrency;
    out["ordered"] = wanted.ordered;
    out["max_deliveries"] = wanted.max_deliveries;
    out["task_timeout_ms"] = wanted.task_timeout.count();
    out["quiesce_timeout_ms"] = wanted.quiesce_timeout.count();
    out["log_level"] = name_of(wanted.log_level);
    out["settings"] = wanted.shown_settings();
    out["identity"] = wanted.identity();
    out["last_error"] = agent.last_error;
    out["last_pause_ns"] = agent.last_pause_ns;
    out["health"] = state_->health_of(agent);
    out["restart"] = state_->restart_of(agent);
    auto origins = json::object();
    const auto prefix = "agents." + name + ".";
    for (auto at = state_->in_force.origins.lower_bound(prefix);
         at != state_->in_force.origins.end() && at->first.starts_with(prefix); ++at) {
        origins[at->first] = at->second.text();
    }
    out["origins"] = std::move(origins);
    if (const auto* endpoint = state_->bus.routes().find(name)) {
        out["counters"] = counters_of(endpoint->inbox());
        out["open_deliveries"] = endpoint->inbox().deliveries().count();
        out["subscriptions"] = state_->bus.subscriptions().patterns(*endpoint);
    }
    out["sockets"] = to_json(state_->sockets.of(name));
    out["arena"] = to_json(state_->arenas.of(name).told());
    if (agent.current) {
        agent.current->place().tell(out);
        const auto& blueprint = agent.current->blueprint();
        out["file"] = blueprint.file.source.string();
        out["staged"] = blueprint.file.path.string();
        out["digest"] = blueprint.file.digest;
        out["description"] = blueprint.facts.description;
        out["abi_minor"] = blueprint.facts.abi_minor;
        out["state_schema"] = blueprint.facts.state_schema;
        out["oldest_state_schema"] = blueprint.facts.oldest_state_schema;
        out["lane_busy_ns"] = agent.current->lane().busy_for_ns();
        out["kept_messages"] = agent.current->lane().kept_messages();
    }
    out["versions"] = to_json(state_->ledger->page(name));
    auto pins = json::array();
    for (const auto& pin : state_->leftovers.pins()) {
        if (pin.agent == name) {
            pins.push_back({{"generation", pin.generation}, {"reason", pin.reason}});
        }
    }
    out["pinned"] = std::move(pins);
    return out;
}

json Supervisor::reloads(const std::string& agent, std::size_t limit) const {
    auto list = json::array();
    for (const auto& record : state_->reloads.list(agent, limit)) {
        list.push_back(record.to_json());
    }
    return list;
}

json Supervisor::plugins() const {
    const std::lock_guard lock(state_->mutex);
    auto list = state_->plugins;
    for (auto& entry : list) {
        std::string users;
        for (const auto& [name, agent] : state_->agents) {
            if (agent->wanted.plugin != entry.at("id")) {
                continue;
            }
            users += (users.empty() ? "" : ", ") + name;
            if (agent->current) {
                const auto& blueprint = agent->current->blueprint();
                entry["version"] = blueprint.facts.version;
                entry["verdict"] = blueprint.file.digest == entry.at("digest")
                                       ? "loaded"
                                       : "not loaded: an older one runs; " + agent->last_error;
            } else if (!agent->last_error.empty()) {
                entry["verdict"] = "refused: " + agent->last_error;
            }
        }
        entry["agent"] = std::move(users);
    }
    return list;
}

Result<json> Supervisor::explain(const std::string& key) const {
    const std::lock_guard lock(state_->mutex);
    return config::explain(state_->in_force, key);
}

json Supervisor::manifest() const {
    const std::lock_guard lock(state_->mutex);
    auto agents = json::array();
    for (const auto& [name, config] : state_->in_force.agents) {
        auto entry = config::table_of(config);
        entry["name"] = name;
        entry["secrets"] = json::array();
        for (const auto& [pointer, reference] : config.secrets) {
            entry["secrets"].push_back(pointer);
        }
        const auto found = state_->agents.find(name);
        if (found != state_->agents.end() && found->second->current) {
            const auto& blueprint = found->second->current->blueprint();
            entry["version"] = blueprint.facts.version;
            entry["digest"] = blueprint.file.digest;
        }
        agents.push_back(std::move(entry));
    }
    return {{"manifest", 3}, {"noa", NOA_VERSION}, {"agents", std::move(agents)}};
}

} // namespace noa::supervise
