#include "noa/host_tasks.hpp"
#include "noa/switching.hpp"

#include "base/clock.hpp"
#include "harness/samples.hpp"

namespace noa::bench {

namespace {

// Everything that a round needs.
struct Scene {
    Host host;
    WireClient client;
    noactl::Client control;
    AgentEvents events;
    PluginFile file;
};

Result<Scene> set_up(const Context& context) {
    auto host = Host::start(context, {.agents = {}, .autoload = true});
    if (!host) {
        return tl::unexpected(host.error());
    }
    auto plugin = find_plugin(context, "bench");
    auto file = plugin ? PluginFile::read(*plugin, host->plugin_dir() / "bench.so")
                       : Result<PluginFile>(tl::unexpected(plugin.error()));
    auto client = WireClient::connect(host->runtime_dir());
    auto control = noactl::Client::connect(host->runtime_dir());
    auto events = AgentEvents::subscribe(*host, "bench");
    if (!file || !client || !control || !events) {
        return tl::unexpected(!file      ? file.error()
                              : !client  ? client.error()
                              : !control ? control.error()
                                         : events.error());
    }
    return Scene{std::move(*host), std::move(*client), std::move(*control), std::move(*events),
                 std::move(*file)};
}

// From a file that is complete to the answer of the agent that came of it.
Result<double> one_version(Scene& scene, const std::string& action) {
    auto complete = scene.file.rename_new_version();
    auto event = complete ? scene.events.await(action)
                          : Result<nlohmann::json>(tl::unexpected(complete.error()));
    if (!event) {
        return tl::unexpected(event.error());
    }
    if (auto answer = call(scene.client, "bench", "echo"); !answer) {
        return tl::unexpected(answer.error());
    }
    return static_cast<double>(monotonic_ns() - *complete) / 1e6;
}

} // namespace

Result<Values> measure_drop_in(const Context& context) {
    auto scene = set_up(context);
    if (!scene) {
        return tl::unexpected(scene.error());
    }
    const auto rounds = std::stoul(context.arguments.at(0));
    constexpr unsigned warm_up = 2;
    std::vector<double> appeared;
    std::vector<double> replaced;
    for (std::size_t round = 0; round < rounds + warm_up; ++round) {
        auto appearance = one_version(*scene, "started");
        auto replacement = appearance ? one_version(*scene, "reloaded") : appearance;
        if (!replacement) {
            return tl::unexpected(replacement.error());
        }
        if (round >= warm_up) {
            appeared.push_back(*appearance);
            replaced.push_back(*replacement);
        }
        // Gone again: only an explicit reload unloads it.
        scene->file.remove();
        if (auto stopped = order_reload(scene->control, "bench", false, "stopped"); !stopped) {
            return tl::unexpected(stopped.error());
        }
    }
    return Values{{"appeared_p50_ms", percentile(appeared, 50)},
                  {"appeared_p99_ms", percentile(appeared, 99)},
                  {"replaced_p50_ms", percentile(replaced, 50)},
                  {"replaced_p99_ms", percentile(replaced, 99)},
                  {"count", static_cast<double>(rounds)}};
}

} // namespace noa::bench
