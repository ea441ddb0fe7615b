#include "base/clock.hpp"
#include "harness/samples.hpp"
#include "noa/usage.hpp"
#include "reload/load.hpp"
#include "reload/tasks.hpp"

namespace noa::bench {

namespace {

const std::string target = "bench-target";
constexpr unsigned first_reloads = 3;          // not counted
constexpr unsigned until_settled = 100;        // pools and arenas have their size then
constexpr std::chrono::milliseconds apart{30}; // more than the debounce

struct Scene {
    Load load;
    WireClient client;
    AgentEvents events;
    PluginFile file;
};

Result<Scene> set_up(const Context& context) {
    // A rate of 0 would be full speed: four messages a second stand for none.
    const auto rate = std::max(std::stoul(context.arguments.at(1)), 4UL);
    auto load = Load::begin(context, rate);
    if (!load) {
        return tl::unexpected(load.error());
    }
    auto plugin = find_plugin(context, target);
    auto file = plugin ? PluginFile::read(*plugin, load->host().plugin_dir() / (target + ".so"))
                       : Result<PluginFile>(tl::unexpected(plugin.error()));
    auto client = WireClient::connect(load->host().runtime_dir());
    auto events = AgentEvents::subscribe(load->host(), target);
    if (!file || !client || !events) {
        return tl::unexpected(!file ? file.error() : !client ? client.error() : events.error());
    }
    return Scene{std::move(*load), std::move(*client), std::move(*events), std::move(*file)};
}

struct Footprint {
    Memory memory;
    double descriptors = 0;
    double mappings = 0;
    double files = 0; // below the state directory
};

Result<Footprint> footprint_of(const Host& host) {
    const auto pid = host.process().pid();
    auto memory = read_memory(pid);
    if (!memory) {
        return tl::unexpected(memory.error());
    }
    std::error_code error;
    const std::filesystem::recursive_directory_iterator files(host.state_dir(), error);
    return Footprint{*memory, count_descriptors(pid), count_mappings(pid),
                     static_cast<double>(std::distance(begin(files), end(files)))};
}

} // namespace

Result<Values> measure_reload_file(const Context& context) {
    auto scene = set_up(context);
    if (!scene) {
        return tl::unexpected(scene.error());
    }
    const auto count = std::stoul(context.arguments.at(0));
    std::vector<double> served;
    std::vector<double> hold;
    for (unsigned i = 0; i < count + first_reloads; ++i) {
        auto closed = scene->file.overwrite_with_new_version();
        auto event = closed ? scene->events.await("reloaded")
                            : Result<nlohmann::json>(tl::unexpected(closed.error()));
        if (!event) {
            return tl::unexpected(event.error());
        }
        if (auto answer = call(scene->client, target, "barrier"); !answer) {
            return tl::unexpected(answer.error());
        }
        if (i >= first_reloads) {
            served.push_back(static_cast<double>(monotonic_ns() - *closed) / 1e6);
            hold.push_back(event->value("pause_ns", 0.0) / 1e6);
        }
        if (auto ran = scene->load.run_for(apart); !ran) {
            return tl::unexpected(ran.error());
        }
    }
    auto accounts = scene->load.end();
    if (!accounts) {
        return accounts;
    }
    accounts->insert({{"served_p50_ms", percentile(served, 50)},
                      {"served_p99_ms", percentile(served, 99)},
                      {"hold_p50_ms", percentile(hold, 50)},
                      {"hold_p99_ms", percentile(hold, 99)}});
    return accounts;
}

Result<Values> measure_reload_memory(const Context& context) {
    auto host = Host::start(context, {.agents = {{.name = target, .plugin = target}}});
    if (!host) {
        return tl::unexpected(host.error());
    }
    auto control = noactl::Client::connect(host->runtime_dir());
    if (!control) {
        return tl::unexpected(control.error());
    }
    const auto reloads = std::stoul(context.arguments.at(0));
    Footprint settled;
    const auto begin = monotonic_ns();
    for (unsigned i = 0; i < reloads; ++i) {
        if (auto reloaded = order_reload(*control, target, true, "reloaded"); !reloaded) {
            return tl::unexpected(reloaded.error());
        }
        if (i + 1 == until_settled) {
            auto now = footprint_of(*host);
            if (!now) {
                return tl::unexpected(now.error());
            }
            settled = *now;
        }
    }
    const auto elapsed = static_cast<double>(monotonic_ns() - begin);
    auto now = footprint_of(*host);
    if (!now) {
        return tl::unexpected(now.error());
    }
    return Values{{"rss_kb", now->memory.rss_kb - settled.memory.rss_kb},
                  {"pss_kb", now->memory.pss_kb - settled.memory.pss_kb},
                  {"own_kb", now->memory.own_kb - settled.memory.own_kb},
                  {"fds", now->descriptors - settled.descriptors},
                  {"mappings", now->mappings - settled.mappings},
                  {"files", now->files - settled.files},
                  {"each_ms", elapsed / 1e6 / static_cast<double>(reloads)}};
}

} // namespace noa::bench
