#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <fstream>
#include <iterator>

#include "noactl/check_host.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

constexpr std::uint64_t descriptors_of_host = 128;
constexpr std::uint64_t descriptors_per_agent = 4; // two sockets, and two to spare for a reload
constexpr rlim_t memlock_wanted = rlim_t{64} * 1024;

std::string file_text(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void check_landlock(Findings& findings) {
    const long abi =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi > 0) {
        findings.push_back({Verdict::ok, "landlock", "ABI " + std::to_string(abi), {}});
    } else {
        findings.push_back({Verdict::warn, "landlock", "not offered by this kernel",
                            "probes are confined by seccomp and limits alone; boot with "
                            "lsm=landlock,… if the kernel has it"});
    }
}

void check_seccomp(Findings& findings) {
    std::uint32_t action = SECCOMP_RET_KILL_PROCESS;
    if (::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0) {
        findings.push_back({Verdict::ok, "seccomp", "filters are offered", {}});
    } else {
        findings.push_back({Verdict::fail, "seccomp", "no filters",
                            "probes of plugins need a kernel with CONFIG_SECCOMP_FILTER"});
    }
}

void check_cgroup(Findings& findings) {
    const std::string controllers = file_text("/sys/fs/cgroup/cgroup.controllers");
    std::string missing;
    for (const char* wanted : {"cpu", "memory", "pids"}) {
        if ((" " + controllers + " ").find(wanted) == std::string::npos) {
            missing += (missing.empty() ? "" : ", ") + std::string(wanted);
        }
    }
    if (missing.empty()) {
        findings.push_back({Verdict::ok, "cgroup v2", "cpu, memory, pids", {}});
    } else {
        findings.push_back({Verdict::warn, "cgroup v2", "controllers missing: " + missing,
                            "limits of agents that run as processes need them; agents that run "
                            "as threads do not"});
    }
}

std::string limit_text(rlim_t limit) {
    return limit == RLIM_INFINITY ? "unlimited" : std::to_string(limit);
}

void check_library(const char* file, const char* version_symbol, Findings& findings) {
    void* library = ::dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        findings.push_back(
            {Verdict::fail, file, "cannot be loaded", "install the Debian package that holds it"});
        return;
    }
    std::string text = "found";
    if (void* symbol = version_symbol == nullptr ? nullptr : ::dlsym(library, version_symbol)) {
        text = reinterpret_cast<const char* (*)()>(symbol)();
    }
    findings.push_back({Verdict::ok, file, text, {}});
    ::dlclose(library);
}

void check_zmq(Findings& findings) {
    constexpr int wanted = 4'03'04; // as major, minor, patch
    void* library = ::dlopen("libzmq.so.5", RTLD_NOW | RTLD_LOCAL);
    void* symbol = library == nullptr ? nullptr : ::dlsym(library, "zmq_version");
    if (symbol == nullptr) {
        findings.push_back({Verdict::fail, "libzmq.so.5", "cannot be loaded", "install libzmq5"});
    } else {
        std::array<int, 3> version{};
        reinterpret_cast<void (*)(int*, int*, int*)>(symbol)(version.data(), &version[1],
                                                             &version[2]);
        const bool enough = version[0] * 10'000 + version[1] * 100 + version[2] >= wanted;
        findings.push_back({enough ? Verdict::ok : Verdict::fail, "libzmq.so.5",
                            std::to_string(version[0]) + "." + std::to_string(version[1]) + "." +
                                std::to_string(version[2]),
                            enough ? "" : "4.3.4 or newer is needed"});
    }
    if (library != nullptr) {
        ::dlclose(library);
    }
}

} // namespace

bool release_at_least(std::string_view release, unsigned major, unsigned minor) {
    unsigned found_major = 0;
    unsigned found_minor = 0;
    const char* const end = release.data() + release.size();
    const auto first = std::from_chars(release.data(), end, found_major);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.' ||
        std::from_chars(first.ptr + 1, end, found_minor).ec != std::errc()) {
        return false;
    }
    return found_major > major || (found_major == major && found_minor >= minor);
}

std::uint64_t descriptors_needed(std::size_t agents) noexcept {
    return descriptors_of_host + descriptors_per_agent * agents;
}

void check_kernel(Findings& findings) {
    utsname names{};
    ::uname(&names);
    const std::string release = names.release;
    const bool enough = release_at_least(release, 5, 13);
    findings.push_back({enough ? Verdict::ok : Verdict::warn, "kernel", release,
                        enough ? "" : "5.13 or newer confines probes better"});
    check_landlock(findings);
    check_seccomp(findings);
    check_cgroup(findings);
}

void check_limits(std::size_t agents, Findings& findings) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const auto needed = descriptors_needed(agents);
    const std::string text = "open files: " + limit_text(files.rlim_cur) + ", " +
                             std::to_string(agents) + " agents need about " +
                             std::to_string(needed);
    findings.push_back({files.rlim_cur >= needed ? Verdict::ok : Verdict::fail, "limit nofile",
                        text, files.rlim_cur >= needed ? "" : "raise LimitNOFILE of the service"});
    rlimit locked{};
    ::getrlimit(RLIMIT_MEMLOCK, &locked);
    const bool enough = locked.rlim_cur >= memlock_wanted;
    findings.push_back({enough ? Verdict::ok : Verdict::warn, "limit memlock",
                        "locked bytes: " + limit_text(locked.rlim_cur),
                        enough ? "" : "raise LimitMEMLOCK of the service"});
}

void check_clock(Findings& findings) {
    struct stat self {};
    const std::time_t now = std::time(nullptr);
    if (::stat("/proc/self/exe", &self) == 0 && now + 86'400 < self.st_mtime) {
        findings.push_back(
            {Verdict::fail, "clock", "it is behind the time noactl was built",
             "set it: message ids, deadlines in logs and certificates depend on it"});
        return;
    }
    timex state{};
    const bool synchronised = ::adjtimex(&state) != -1 && (state.status & STA_UNSYNC) == 0;
    findings.push_back({synchronised ? Verdict::ok : Verdict::warn, "clock",
                        synchronised ? "synchronised" : "not synchronised",
                        synchronised ? "" : "run systemd-timesyncd or another NTP client"});
}

void check_libraries(Findings& findings) {
    findings.push_back({Verdict::ok, "libc", ::gnu_get_libc_version(), {}});
    check_zmq(findings);
    check_library("libsodium.so.23", "sodium_version_string", findings);
    check_library("libsqlite3.so.0", "sqlite3_libversion", findings);
    check_library("libelf.so.1", nullptr, findings);
}

} // namespace noa::noactl
