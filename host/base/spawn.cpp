#include "base/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>

#include "base/unique_fd.hpp"

namespace noa {

namespace {

// Owns what posix_spawn wants initialised and destroyed. Each step is 0 or an errno value.
class Actions {
public:
    Actions() {
        ::posix_spawn_file_actions_init(&files_);
        ::posix_spawnattr_init(&attributes_);
    }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() {
        ::posix_spawn_file_actions_destroy(&files_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    int open_null() {
        return ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDWR, 0);
    }
    int duplicate(int from, int to) {
        return ::posix_spawn_file_actions_adddup2(&files_, from, to);
    }
    int close_from(int first) { return ::posix_spawn_file_actions_addclosefrom_np(&files_, first); }
    int set_attributes(ChildPlan::Own own) {
        sigset_t all;
        sigset_t none;
        sigfillset(&all);
        sigemptyset(&none);
        const auto leads =
            own == ChildPlan::Own::session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP;
        const std::array results = {
            ::posix_spawnattr_setsigdefault(&attributes_, &all),
            ::posix_spawnattr_setsigmask(&attributes_, &none),
            ::posix_spawnattr_setpgroup(&attributes_, 0),
            ::posix_spawnattr_setflags(
                &attributes_,
                static_cast<short>(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | leads))};
        const auto* const failed =
            std::find_if(results.begin(), results.end(), [](int result) { return result != 0; });
        return failed == results.end() ? 0 : *failed;
    }
    int spawn(const ChildPlan& plan, char* const* arguments, pid_t& ret_pid) {
        const auto environment = public_environment();
        const auto start = plan.on_path ? ::posix_spawnp : ::posix_spawn;
        return start(&ret_pid, plan.program.c_str(), &files_, &attributes_, arguments,
                     environment.data());
    }

private:
    posix_spawn_file_actions_t files_{};
    posix_spawnattr_t attributes_{};
};

} // namespace

int spawn_child(const ChildPlan& plan, pid_t& ret_pid) {
    int last = STDERR_FILENO;
    for (const auto& [from, to] : plan.descriptors) {
        last = std::max(last, to);
    }
    Actions actions;
    int failed = actions.open_null();
    std::vector<UniqueFd> moved; // out of the way of the numbers that the child's get
    for (const auto& [from, to] : plan.descriptors) {
        int source = STDIN_FILENO;
        if (from != ChildPlan::null) {
            source = ::fcntl(from, F_DUPFD_CLOEXEC, last + 1);
            if (source < 0) {
                return errno;
            }
            moved.emplace_back(source);
        }
        failed = failed != 0 ? failed : actions.duplicate(source, to);
    }
    failed = failed != 0 ? failed : actions.close_from(last + 1);
    failed = failed != 0 ? failed : actions.set_attributes(plan.own);
    if (failed != 0) {
        return failed;
    }
    auto words = plan.arguments;
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (auto& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    return actions.spawn(plan, arguments.data(), ret_pid);
}

std::vector<char*> public_environment() {
    constexpr std::array<std::string_view, 10> kept = {
        "LD_", "LC_", "LANG=", "TZ=", "PATH=", "HOME=", "ASAN_", "UBSAN_", "TSAN_", "LSAN_"};
    std::vector<char*> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (std::any_of(kept.begin(), kept.end(),
                        [text](std::string_view prefix) { return text.starts_with(prefix); })) {
            out.push_back(*entry);
        }
    }
    out.push_back(nullptr);
    return out;
}

} // namespace noa
