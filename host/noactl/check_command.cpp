#include <algorithm>
#include <set>
#include <system_error>

#include "config/load.hpp"
#include "noactl/check_host.hpp"
#include "noactl/commands.hpp"
#include "noactl/config_files.hpp"
#include "noactl/scratch_dir.hpp"
#include "plugin/probe.hpp"
#include "plugin/scan.hpp"
#include "plugin/stage.hpp"

namespace noa::noactl {

namespace {

constexpr std::size_t max_plugin_files = 1000;

struct CheckedPlugin {
    std::filesystem::path path;
    plugin::ProbeFacts facts;
};

std::vector<std::filesystem::path> plugin_files(const config::Config& config, Findings& findings) {
    std::vector<std::filesystem::path> files;
    for (const auto& directory : config.host.plugin_dirs) {
        std::error_code error;
        std::filesystem::directory_iterator entries(directory, error);
        if (error) {
            findings.push_back(
                {Verdict::warn, directory, error.message(), "nothing is loaded from there"});
            continue;
        }
        for (; entries != std::filesystem::directory_iterator() && !error;
             entries.increment(error)) {
            const auto& path = entries->path();
            if (path.extension() == ".so" && path.filename().native().front() != '.' &&
                files.size() < max_plugin_files) {
                files.push_back(path);
            }
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

bool allows_pinned(const config::Config& config, const std::string& id) {
    return std::any_of(config.agents.begin(), config.agents.end(), [&](const auto& item) {
        return item.second.plugin == id && item.second.allow_pinned;
    });
}

// The settings a plugin is asked to validate: of the first agent that uses it.
std::string settings_for(const config::Config& config, const std::string& id) {
    for (const auto& [name, agent] : config.agents) {
        if (agent.plugin == id) {
            return agent.settings.dump();
        }
    }
    return "{}";
}

Result<CheckedPlugin> examine(const std::filesystem::path& path, const config::Config& config,
                              plugin::StageDir& stage, const plugin::Probe& probe) {
    const std::string id = path.stem().string();
    if (auto scanned = plugin::scan(path, {allows_pinned(config, id), true}); !scanned) {
        return Failure(std::move(scanned.error()));
    }
    auto staged = stage.stage(path, id);
    if (!staged) {
        return Failure(std::move(staged.error()));
    }
    auto facts = probe.run(*staged, settings_for(config, id), config.host.probe_timeout);
    plugin::StageDir::remove(*staged);
    if (!facts) {
        return Failure(std::move(facts.error()));
    }
    if (facts->id != id) {
        return fail(Errc::refused, "check plugin", path,
                    "its id is " + facts->id + ", its file is called " + id,
                    "call the file " + facts->id + ".so");
    }
    return CheckedPlugin{path, std::move(*facts)};
}

std::vector<CheckedPlugin> check_plugins(const config::Config& config,
                                         const std::filesystem::path& runner, Findings& findings) {
    std::vector<CheckedPlugin> good;
    const auto files = plugin_files(config, findings);
    if (files.empty()) {
        findings.push_back({Verdict::warn, "plugins", "no plugin files", "install some"});
        return good;
    }
    const ScratchDir scratch;
    auto stage = plugin::StageDir::open(scratch.path() / "stage");
    if (scratch.path().empty() || !stage) {
        findings.push_back({Verdict::fail, "plugins",
                            stage ? "no temporary directory" : stage.error().text(),
                            "set TMPDIR to a directory on a mount that allows execution"});
        return good;
    }
    const plugin::Probe probe(runner, {});
    for (const auto& path : files) {
        auto checked = examine(path, config, *stage, probe);
        if (!checked) {
            findings.push_back({Verdict::fail, path, checked.error().text(), {}});
            continue;
        }
        findings.push_back(
            {Verdict::ok, path, "plugin " + checked->facts.id + " " + checked->facts.version, {}});
        good.push_back(std::move(*checked));
    }
    return good;
}

void check_agents(const config::Config& config, const std::vector<CheckedPlugin>& plugins,
                  Findings& findings) {
    for (const auto& [name, agent] : config.agents) {
        const auto found = std::find_if(plugins.begin(), plugins.end(),
                                        [&agent = agent](const CheckedPlugin& plugin) {
                                            return plugin.facts.id == agent.plugin;
                                        });
        const std::string what = "agent " + name;
        if (found == plugins.end()) {
            findings.push_back({agent.enabled ? Verdict::fail : Verdict::warn, what,
                                "no usable plugin " + agent.plugin,
                                "install it, or set agents." + name + ".enabled = false"});
            continue;
        }
        const auto good = config::check_settings(config, agent, found->facts.settings_schema);
        findings.push_back({good ? Verdict::ok : Verdict::fail, what,
                            good ? "plugin " + agent.plugin : good.error().reason,
                            good ? std::string() : good.error().advice});
    }
}

void check_duplicates(const std::vector<CheckedPlugin>& plugins, Findings& findings) {
    std::map<std::string, std::filesystem::path> seen;
    for (const auto& [path, facts] : plugins) {
        const auto [earlier, is_new] = seen.emplace(facts.id, path);
        if (!is_new) {
            findings.push_back(
                {Verdict::fail, path,
                 "the plugin " + facts.id + " is also in " + earlier->second.string(),
                 "remove one of them"});
        }
    }
}

// The configuration with what a host would add to it.
Result<config::Config> load_config(const CheckOptions& options) {
    auto config = config::load(sources_of(options.files));
    if (config && !options.plugin_dirs.empty()) {
        config->host.plugin_dirs = {options.plugin_dirs.begin(), options.plugin_dirs.end()};
    }
    return config;
}

void check_machine(const Globals& globals, const CheckOptions& options,
                   const Result<config::Config>& config, Findings& findings) {
    const auto directories =
        config ? config->host.plugin_dirs : std::vector<std::filesystem::path>{NOA_PLUGIN_DIR};
    const HostNeeds needs{options.files.state_dir, globals.runtime_dir, directories,
                          config ? config->agents.size() : 0};
    check_kernel(findings);
    check_limits(needs.agents, findings);
    check_directories(needs, findings);
    check_disk(needs, findings);
    check_clock(findings);
    check_sockets(needs, findings);
    check_libraries(findings);
}

void check_plugins_and_agents(const CheckOptions& options, config::Config config,
                              Findings& findings) {
    const auto plugins = check_plugins(config, options.runner, findings);
    check_duplicates(plugins, findings);
    if (config.host.autoload) {
        std::vector<std::string> ids;
        ids.reserve(plugins.size());
        for (const auto& checked : plugins) {
            ids.push_back(checked.facts.id);
        }
        const auto environment = sources_of(options.files).environment;
        if (auto added = config::add_autoloaded(config, ids, environment); !added) {
            findings.push_back({Verdict::fail, "autoload", added.error().text(), {}});
        }
    }
    check_agents(config, plugins, findings);
}

} // namespace

int check(const Globals& globals, const CheckOptions& options) {
    Findings findings;
    const auto config = load_config(options);
    if (!config) {
        findings.push_back({Verdict::fail, "configuration", config.error().text(), {}});
    } else {
        findings.push_back({Verdict::ok,
                            "configuration",
                            std::to_string(config->files.size()) + " files, " +
                                std::to_string(config->agents.size()) + " agents",
                            {}});
        for (const auto& notice : config->notices) {
            findings.push_back({Verdict::warn, "configuration", notice, {}});
        }
    }
    if (options.host) {
        check_machine(globals, options, config, findings);
    } else if (config) {
        check_plugins_and_agents(options, *config, findings);
    }
    return report(globals, findings);
}

} // namespace noa::noactl
