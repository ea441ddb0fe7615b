#include "link/control_group.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/file.hpp"
#include "base/unique_fd.hpp"

namespace noa::link {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t text_limit = std::size_t{1024} * 1024;
constexpr int removal_patience_ms = 2000;
constexpr const char* name_prefix = "agent-"; // of every group that is ours
constexpr std::int64_t cpu_period_us = 100'000;

// 0, or an errno value. The kernel takes a value in one write or not at all.
int put(const fs::path& file, std::string_view value) noexcept {
    const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) {
        return errno;
    }
    return ::write(fd.get(), value.data(), value.size()) < 0 ? errno : 0;
}

std::string text_of(const fs::path& file) {
    auto text = read_file(file, text_limit);
    return text ? *text : std::string();
}

std::optional<std::uint64_t> number_in(std::string_view text) {
    std::uint64_t number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    return code == std::errc() ? std::optional(number) : std::nullopt;
}

// "KEY N" a line.
std::optional<std::uint64_t> number_of(std::string_view text, std::string_view key) {
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        if (line.starts_with(key) && line.size() > key.size() && line[key.size()] == ' ') {
            return number_in(line.substr(key.size() + 1));
        }
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return std::nullopt;
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const auto word = line.substr(0, line.find(' '));
        if (!word.empty()) {
            words.push_back(word);
        }
        line.remove_prefix(std::min(line.size(), word.size() + 1));
    }
    return words;
}

// proc(5): "36 35 98:0 ROOT MOUNT OPTIONS [FIELD…] - cgroup2 SOURCE OPTIONS".
fs::path own_directory(const GroupSources& sources, std::string& why_not) {
    const auto groups = text_of(sources.own);
    const auto at = groups.starts_with("0::/") ? 0 : groups.find("\n0::/");
    if (at == std::string::npos) {
        why_not = "this process is in no group of cgroup v2";
        return {};
    }
    const auto begin = groups.find('/', at);
    const auto own = groups.substr(begin, groups.find('\n', begin) - begin);
    const auto mounts = text_of(sources.mounts);
    for (std::string_view left = mounts; !left.empty();) {
        const auto line = left.substr(0, left.find('\n'));
        left.remove_prefix(std::min(left.size(), line.size() + 1));
        const auto words = words_of(line);
        const auto dash = std::find(words.begin(), words.end(), "-");
        if (words.size() > 5 && words.end() - dash > 1 && dash[1] == "cgroup2") {
            const auto root = words[3] == "/" ? std::string_view() : words[3];
            if (own.starts_with(root)) {
                return fs::path(std::string(words[4]) + own.substr(root.size()));
            }
        }
    }
    why_not = "cgroup v2 is not mounted";
    return {};
}

// systemd marks what it delegates; whoever else does so gives the directory to the host's user.
bool is_delegated(const fs::path& directory) {
    for (const char* mark : {"user.delegate", "trusted.delegate"}) {
        std::array<char, 2> value{};
        if (::getxattr(directory.c_str(), mark, value.data(), value.size()) == 1 &&
            value[0] == '1') {
            return true;
        }
    }
    struct stat status {};
    return ::geteuid() != 0 && ::stat(directory.c_str(), &status) == 0 &&
           status.st_uid == ::geteuid();
}

// A group goes once nothing is in it: which may take the kernel a moment after its end.
void remove_group(const fs::path& path) noexcept {
    if (::rmdir(path.c_str()) == 0 || errno != EBUSY) {
        return;
    }
    const UniqueFd events(::open((path / "cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 128> text{};
    for (int tries = 0; tries < 8 && events; ++tries) {
        static_cast<void>(::pread(events.get(), text.data(), text.size(), 0)); // arms the poll
        if (::rmdir(path.c_str()) == 0 || errno != EBUSY) {
            return;
        }
        pollfd changed{events.get(), POLLPRI, 0};
        if (::poll(&changed, 1, removal_patience_ms) == 0) {
            return; // the next life removes it
        }
    }
}

std::string cores(double number) {
    auto text = std::to_string(number);
    text.erase(text.find_last_not_of('0') + 1);
    return text.ends_with('.') ? text + '0' : text;
}

} // namespace

ControlGroup::~ControlGroup() {
    kill();
    remove_group(path_);
}

Result<void> ControlGroup::add(pid_t pid) const {
    const int failed = put(path_ / "cgroup.procs", std::to_string(pid));
    if (failed != 0) {
        return fail_errno("put a runner into its control group", path_.string(), failed);
    }
    return {};
}

void ControlGroup::kill() const noexcept {
    static_cast<void>(put(path_ / "cgroup.kill", "1")); // from Linux 5.14
}

ControlGroup::Usage ControlGroup::usage() const {
    Usage usage;
    usage.memory = number_in(text_of(path_ / "memory.current"));
    usage.tasks = number_in(text_of(path_ / "pids.current"));
    if (const auto used = number_of(text_of(path_ / "cpu.stat"), "usage_usec")) {
        usage.cpu_ns = static_cast<std::int64_t>(*used) * 1000;
    }
    usage.out_of_memory = number_of(text_of(path_ / "memory.events"), "oom_kill").value_or(0);
    usage.refused_processes = number_of(text_of(path_ / "pids.events"), "max").value_or(0);
    return usage;
}

void ControlGroup::set(const char* file, const std::string& value, const std::string& what) {
    const int failed = put(path_ / file, value);
    if (failed == 0) {
        told_.in_force.push_back(what + " (" + file + ")");
    } else {
        told_.missing.push_back(what + ": " +
                                (failed == ENOENT ? "this control group has no " + std::string(file)
                                                  : ::strerrordesc_np(failed)));
    }
}

void ControlGroup::limit(const GroupLimits& limits) {
    if (limits.memory != 0) {
        static_cast<void>(put(path_ / "memory.oom.group", "1"));
        static_cast<void>(put(path_ / "memory.swap.max", "0"));
        set("memory.max", std::to_string(limits.memory),
            "memory " + std::to_string(limits.memory) + " bytes");
    }
    if (limits.memory_request != 0) {
        set("memory.low", std::to_string(limits.memory_request),
            "memory_request " + std::to_string(limits.memory_request) + " bytes");
    }
    if (limits.cpu != 0) {
        const auto quota = std::max<std::int64_t>(
            1000, std::llround(limits.cpu * static_cast<double>(cpu_period_us)));
        set("cpu.max", std::to_string(quota) + " " + std::to_string(cpu_period_us),
            "cpu " + cores(limits.cpu));
    }
    if (limits.cpu_request != 0) { // 100 is the weight of a group that asks for nothing
        const auto weight =
            std::clamp<std::int64_t>(std::llround(limits.cpu_request * 100), 1, 10'000);
        set("cpu.weight", std::to_string(weight), "cpu_request " + cores(limits.cpu_request));
    }
    if (limits.processes) {
        set("pids.max", std::to_string(*limits.processes + own_tasks),
            "processes " + std::to_string(*limits.processes));
    }
}

ControlGroups ControlGroups::open(const std::string& setting, const GroupSources& sources) {
    ControlGroups groups;
    if (setting == "off") {
        groups.why_not_ = "host.control_group is \"off\"";
        return groups;
    }
    if (setting != "auto") {
        groups.take_over(setting, false);
        return groups;
    }
    const auto own = own_directory(sources, groups.why_not_);
    if (own.empty()) {
        return groups;
    }
    if (!is_delegated(own)) {
        groups.why_not_ = "the host was given no control group of its own (" + own.string() + ")";
        return groups;
    }
    groups.take_over(own, true);
    return groups;
}

void ControlGroups::take_over(const fs::path& directory, bool own) {
    if (own) {
        const auto place = directory / "host";
        ::mkdir(place.c_str(), 0755);
        if (const int failed = put(place / "cgroup.procs", "0"); failed != 0) {
            why_not_ =
                "the host cannot move to " + place.string() + ": " + ::strerrordesc_np(failed);
            return;
        }
    }
    if (::access((directory / "cgroup.procs").c_str(), W_OK) != 0) {
        why_not_ = directory.string() + ": " + ::strerrordesc_np(errno);
        return;
    }
    for (const char* controller : {"+memory", "+pids", "+cpu"}) { // each that there is
        static_cast<void>(put(directory / "cgroup.subtree_control", controller));
    }
    std::error_code code;
    for (fs::directory_iterator at(directory, code), end; !code && at != end; at.increment(code)) {
        if (at->path().filename().string().starts_with(name_prefix)) {
            static_cast<void>(put(at->path() / "cgroup.kill", "1"));
            remove_group(at->path());
        }
    }
    path_ = directory;
}

Result<std::unique_ptr<ControlGroup>> ControlGroups::make(const std::string& name,
                                                          const GroupLimits& limits) const {
    if (path_.empty()) {
        return fail(Errc::unavailable, "make a control group", name, why_not_);
    }
    const auto path = path_ / (name_prefix + name);
    if (::mkdir(path.c_str(), 0755) != 0) {
        return fail_errno("make a control group", path.string(), errno);
    }
    std::unique_ptr<ControlGroup> group(new ControlGroup(path));
    group->limit(limits);
    return group;
}

Confined all_missing(const GroupLimits& limits, const std::string& why) {
    Confined told;
    const auto missing = [&](const char* what, bool wanted) {
        if (wanted) {
            told.missing.push_back(std::string(what) + ": " + why);
        }
    };
    missing("memory of all its processes", limits.memory != 0);
    missing("memory_request", limits.memory_request != 0);
    missing("cpu", limits.cpu != 0);
    missing("cpu_request", limits.cpu_request != 0);
    missing("processes", limits.processes.value_or(0) != 0);
    return told;
}

} // namespace noa::link
