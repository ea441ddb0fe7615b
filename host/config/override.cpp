#include "config/override.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/file.hpp"
#include "base/names.hpp"
#include "config/files.hpp"
#include "config/toml.hpp"

namespace noa::config {

using nlohmann::json;
using std::filesystem::path;

namespace {

constexpr auto write_attempt = "write configuration";
constexpr auto header = "# Written by noa (noactl); comments are not kept when it changes.\n";

Result<void> check_name(const std::string& name) {
    if (!is_toml_name(name) || name.find_first_of(std::string("/\0", 2)) != std::string::npos) {
        return fail(Errc::invalid, write_attempt, name, "expected the name of a .toml file");
    }
    return {};
}

} // namespace

Result<void> write_override(const path& directory, const std::string& name, const json& tree) {
    if (auto good = check_name(name); !good) {
        return good;
    }
    const auto text = render_toml(tree);
    if (!text) {
        return tl::unexpected(text.error());
    }
    Problems problems;
    const auto back = parse_toml(*text, name, problems);
    if (!problems.empty() || back.value != tree) {
        return fail(Errc::invalid, write_attempt, name,
                    problems.empty() ? "does not read back the same" : problems.text());
    }
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_errno(write_attempt, directory.string(), errno);
    }
    return replace_file(directory / name, header + *text, Durable::yes, write_attempt);
}

Result<json> read_override(const path& directory, const std::string& name) {
    if (auto good = check_name(name); !good) {
        return tl::unexpected(good.error());
    }
    const auto file = directory / name;
    const auto text = read_file(file, max_toml_bytes);
    if (!text) {
        return text.error().code == Errc::not_found ? Result<json>(json::object())
                                                    : tl::unexpected(text.error());
    }
    Problems problems;
    auto tree = parse_toml(*text, file.string(), problems);
    if (!problems.empty()) {
        return fail(Errc::invalid, "read configuration", "", problems.text());
    }
    return std::move(tree.value);
}

Result<void> write_enabled(const path& directory, const std::string& agent, bool enabled) {
    if (!is_agent_name(agent)) {
        return fail(Errc::invalid, write_attempt, agent, "not an agent's name");
    }
    auto tree = read_override(directory, enabled_override);
    if (!tree) {
        return tl::unexpected(tree.error());
    }
    auto& agents = (*tree)["agents"];
    if (!agents.is_object()) {
        agents = json::object();
    }
    auto& table = agents[agent];
    if (!table.is_object()) {
        table = json::object();
    }
    table["enabled"] = enabled;
    return write_override(directory, enabled_override, *tree);
}

} // namespace noa::config
