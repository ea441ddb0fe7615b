#include "config/load.hpp"

#include <algorithm>

#include "base/names.hpp"
#include "config/build.hpp"
#include "config/environment.hpp"
#include "config/files.hpp"
#include "config/shown.hpp"
#include "config/toml.hpp"

namespace noa::config {

using std::filesystem::path;
using Environment = std::map<std::string, std::string>;

namespace {

constexpr auto attempt = "read configuration";

Failure failed(const Problems& problems) {
    return fail(Errc::invalid, attempt, "", problems.text(), "nothing was changed");
}

class Layers {
public:
    // False: the file is not there.
    bool add_file(const path& file) {
        auto text = read_file(file, max_toml_bytes);
        if (!text && text.error().code == Errc::not_found) {
            return false;
        }
        files.push_back(file);
        if (!text) {
            problems.add({file.string(), 0, 0}, "", text.error().reason);
            return true;
        }
        merge(tree, parse_toml(*text, file.string(), problems));
        return true;
    }

    void add_directory(const path& directory) {
        if (directory.empty()) {
            return;
        }
        add_watched(directory);
        const auto found = list_toml(directory);
        if (!found) {
            problems.add({directory.string(), 0, 0}, "", found.error().reason);
            return;
        }
        for (const auto& file : *found) {
            add_file(file); // may have gone since it was listed
        }
    }

    void add_watched(const path& directory) {
        if (std::find(directories.begin(), directories.end(), directory) == directories.end()) {
            directories.push_back(directory);
        }
    }

    [[nodiscard]] Result<Config> finish(const Environment& environment) {
        std::vector<std::string> notices;
        apply_environment(tree, environment, problems, notices);
        auto config = build(tree, environment, problems);
        if (!problems.empty()) {
            return failed(problems);
        }
        config.files = std::move(files);
        config.directories = std::move(directories);
        config.notices = std::move(notices);
        return config;
    }

    Tree tree;
    Problems problems;
    std::vector<path> files;
    std::vector<path> directories;
};

} // namespace

Result<Config> load(const Sources& sources) {
    Layers layers;
    layers.add_directory(sources.packaged_dir);
    auto drop_in_dir = sources.drop_in_dir;
    if (!sources.main_file.empty()) {
        const auto parent =
            sources.main_file.has_parent_path() ? sources.main_file.parent_path() : path(".");
        layers.add_watched(parent);
        if (drop_in_dir.empty()) {
            drop_in_dir = parent / "conf.d";
        }
        if (!layers.add_file(sources.main_file) && sources.main_required) {
            return fail(Errc::not_found, attempt, sources.main_file.string(), "no such file");
        }
    }
    layers.add_directory(drop_in_dir);
    layers.add_directory(sources.state_dir_conf);
    return layers.finish(sources.environment);
}

Result<Config> load_text(std::string_view text, const std::string& source,
                         const Environment& environment) {
    Layers layers;
    merge(layers.tree, parse_toml(text, source, layers.problems));
    return layers.finish(environment);
}

Result<void> add_autoloaded(Config& config, const std::vector<std::string>& names,
                            const Environment& environment) {
    Tree tree;
    auto& agents = tree.value["agents"] = nlohmann::json::object();
    // All agents' names take part, so that a variable means the same one as in load().
    for (const auto& [name, agent] : config.agents) {
        agents[name] = nlohmann::json::object();
    }
    Problems problems;
    for (const auto& name : names) {
        if (!is_agent_name(name)) {
            problems.add({"plugin " + name, 0, 0}, "", "not an agent's name");
        }
        agents[name] = nlohmann::json::object();
    }
    std::vector<std::string> notices;
    apply_environment(tree, environment, problems, notices);
    tree.value.erase("host");
    tree.value["host"] = inherited_from(config.host);
    auto built = build(tree, environment, problems);
    if (!problems.empty()) {
        return failed(problems);
    }
    for (auto& [name, agent] : built.agents) {
        if (config.agents.contains(name)) {
            continue;
        }
        agent.autoloaded = true;
        const auto prefix = "agents." + name + '.';
        for (auto at = built.origins.lower_bound(prefix);
             at != built.origins.end() && at->first.starts_with(prefix); ++at) {
            config.origins.insert(*at);
        }
        config.agents.emplace(name, std::move(agent));
    }
    config.notices = std::move(notices); // of those, the ones that still mean nothing
    return {};
}

} // namespace noa::config
