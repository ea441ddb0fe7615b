#include "confine_agent.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "link/call_rules.hpp"
#include "link/reach.hpp"

namespace noa::runner {

namespace {

// Of linux/landlock.h; Debian's headers may be older than the kernel.
constexpr long sys_create_ruleset = 444;
constexpr long sys_add_rule = 445;
constexpr long sys_restrict_self = 446;
constexpr std::uint32_t flag_version = 1;
constexpr int rule_path_beneath = 1;
constexpr std::uint64_t execute = 1U << 0U;
constexpr std::uint64_t write_file = 1U << 1U;
constexpr std::uint64_t read_file = 1U << 2U;
constexpr std::uint64_t read_dir = 1U << 3U;
constexpr std::uint64_t version_1 = (1U << 13U) - 1U;
constexpr std::uint64_t refer = 1U << 13U;    // from version 2
constexpr std::uint64_t truncate = 1U << 14U; // from version 3
constexpr std::uint64_t of_files = execute | write_file | read_file | truncate;

struct RulesetAttributes {
    std::uint64_t handled_access_fs;
};

struct __attribute__((packed)) PathBeneath {
    std::uint64_t allowed_access;
    std::int32_t parent_fd;
};

class Report {
public:
    void in_force(std::string what) { told_.in_force.push_back(std::move(what)); }
    void missing(const std::string& what, const std::string& why) {
        told_.missing.push_back(what + ": " + why);
    }
    void note(const std::string& what, bool done) {
        if (done) {
            in_force(what);
        } else {
            missing(what, ::strerrordesc_np(errno));
        }
    }
    [[nodiscard]] link::Confined take() { return std::move(told_); }

private:
    link::Confined told_;
};

bool limit(__rlimit_resource_t resource, rlim_t value) {
    rlimit now{};
    if (::getrlimit(resource, &now) == 0 && now.rlim_max != RLIM_INFINITY && now.rlim_max < value) {
        value = now.rlim_max;
    }
    const rlimit wanted{value, value};
    return ::setrlimit(resource, &wanted) == 0;
}

void set_limits(const link::Confinement& wanted, Report& report) {
    if (wanted.memory != 0) {
        report.note("memory " + std::to_string(wanted.memory) + " bytes (RLIMIT_DATA)",
                    limit(RLIMIT_DATA, wanted.memory));
    }
    if (wanted.files != 0) {
        report.note("files " + std::to_string(wanted.files) + " (RLIMIT_NOFILE)",
                    limit(RLIMIT_NOFILE, wanted.files));
    }
    if (wanted.file_size != 0) {
        ::signal(SIGXFSZ, SIG_IGN); // an error, not an end
        report.note("storage " + std::to_string(wanted.file_size) + " bytes a file (RLIMIT_FSIZE)",
                    limit(RLIMIT_FSIZE, wanted.file_size));
    }
}

class Ruleset {
public:
    [[nodiscard]] bool open() {
        const long version = ::syscall(sys_create_ruleset, nullptr, 0, flag_version);
        if (version < 1) {
            return false;
        }
        handled_ = version_1 | (version >= 2 ? refer : 0) | (version >= 3 ? truncate : 0);
        const RulesetAttributes attributes{handled_};
        fd_ = UniqueFd(
            static_cast<int>(::syscall(sys_create_ruleset, &attributes, sizeof attributes, 0)));
        return static_cast<bool>(fd_);
    }
    // False when there is no such path.
    bool allow(const std::string& path, std::uint64_t access) const {
        const UniqueFd parent(::open(path.c_str(), O_PATH | O_CLOEXEC));
        struct stat status {};
        if (!parent || ::fstat(parent.get(), &status) != 0) {
            return false;
        }
        const auto fitting = S_ISDIR(status.st_mode) ? access : access & of_files;
        const PathBeneath rule{fitting & handled_, parent.get()};
        return ::syscall(sys_add_rule, fd_.get(), rule_path_beneath, &rule, 0) == 0;
    }
    [[nodiscard]] bool enforce() const { return ::syscall(sys_restrict_self, fd_.get(), 0) == 0; }

private:
    UniqueFd fd_;
    std::uint64_t handled_ = 0;
};

// Whether it is in force.
bool confine_files(const link::Confinement& wanted, const std::filesystem::path& plugin,
                   Report& report) {
    Ruleset rules;
    if (!rules.open()) {
        report.note("files (Landlock)", false);
        return false;
    }
    for (const auto& each : link::reachable(wanted, plugin)) {
        const auto access = each.change ? ~std::uint64_t{0} : execute | read_file | read_dir;
        if (!rules.allow(each.path, access) && each.declared) {
            report.note((each.change ? "write " : "read ") + each.path, false);
        }
    }
    const bool enforced = rules.enforce();
    report.note("files (Landlock)", enforced);
    return enforced;
}

} // namespace

AgentConfined confine_agent(const link::Confinement& wanted, const std::filesystem::path& plugin) {
    AgentConfined confined;
    Report report;
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    set_limits(wanted, report);
    link::CallRules rules;
    rules.no_processes = !wanted.processes;
    if (wanted.sandbox) {
        rules.no_changes_of_machine = true;
        rules.no_network = !wanted.network;
        rules.tell_paths = confine_files(wanted, plugin, report);
    }
    if (wanted.sandbox || !wanted.processes) {
        auto calls = link::enforce(rules);
        const std::string what = std::string("system calls (seccomp)") +
                                 (rules.no_network ? ", no network" : "") +
                                 (rules.no_processes ? ", no processes" : "");
        if (calls) {
            confined.calls = std::move(*calls);
            report.in_force(what);
        } else {
            report.missing(what, calls.error().reason);
        }
    }
    confined.told = report.take();
    return confined;
}

} // namespace noa::runner
