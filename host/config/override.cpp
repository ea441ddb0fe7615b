#include "config/override.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/ids.hpp"
#include "base/names.hpp"
#include "base/unique_fd.hpp"
#include "config/files.hpp"
#include "config/toml.hpp"

namespace noa::config {

using nlohmann::json;
using std::filesystem::path;

namespace {

constexpr auto attempt = "write configuration";
constexpr auto header = "# Written by noa (noactl); comments are not kept when it changes.\n";

Result<void> check_name(const std::string& name) {
    if (!is_toml_name(name) || name.find_first_of(std::string("/\0", 2)) != std::string::npos) {
        return fail(Errc::invalid, attempt, name, "expected the name of a .toml file");
    }
    return {};
}

Result<void> write_all(int fd, std::string_view text, const path& file) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return fail_errno(attempt, file.string(), errno);
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return ::fsync(fd) == 0 ? Result<void>() : fail_errno(attempt, file.string(), errno);
}

Result<void> sync_directory(const path& directory) {
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) {
        return fail_errno(attempt, directory.string(), errno);
    }
    return {};
}

Result<void> replace_file(const path& file, const std::string& text) {
    // A dot file: neither read nor watched should it be left behind.
    const auto temporary =
        file.parent_path() / ('.' + file.filename().string() + '.' + to_string(make_id()));
    const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) {
        return fail_errno(attempt, temporary.string(), errno);
    }
    auto done = write_all(fd.get(), text, temporary);
    if (done && ::rename(temporary.c_str(), file.c_str()) != 0) {
        done = fail_errno(attempt, file.string(), errno);
    }
    if (!done) {
        ::unlink(temporary.c_str());
        return done;
    }
    return sync_directory(file.parent_path());
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
        return fail(Errc::invalid, attempt, name,
                    problems.empty() ? "does not read back the same" : problems.text());
    }
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return fail_errno(attempt, directory.string(), errno);
    }
    return replace_file(directory / name, header + *text);
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
        return fail(Errc::invalid, attempt, agent, "not an agent's name");
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
