#include "link/call_rules.hpp"

#include <sched.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/call_filter.hpp"
#include "link/path_calls.hpp"

namespace noa::link {

namespace {

constexpr const char* change_the_machine =
    "mount umount2 pivot_root chroot open_tree open_tree_attr "
    "move_mount mount_setattr fsopen fsmount fsconfig fspick "
    "swapon swapoff reboot kexec_load kexec_file_load "
    "init_module finit_module delete_module setns unshare "
    "sethostname setdomainname syslog acct quotactl quotactl_fd "
    "settimeofday clock_settime clock_adjtime adjtimex "
    "ptrace process_vm_readv process_vm_writev pidfd_getfd kcmp "
    "bpf perf_event_open userfaultfd io_uring_setup seccomp "
    "keyctl add_key request_key name_to_handle_at open_by_handle_at";

constexpr const char* start_a_process = "fork vfork execve execveat";

constexpr std::uint32_t no_such_call = SCMP_ACT_ERRNO(ENOSYS); // callers have another way

} // namespace

Result<UniqueFd> enforce(const CallRules& rules) {
    CallFilter filter(no_such_call);
    if (rules.no_changes_of_machine) {
        filter.answer(change_the_machine, SCMP_ACT_NOTIFY);
    }
    if (rules.no_network) {
        filter.answer("socket", SCMP_ACT_NOTIFY, {{0, SCMP_CMP_NE, AF_UNIX, 0}});
    }
    if (rules.no_processes) {
        filter.answer(start_a_process, SCMP_ACT_NOTIFY);
        filter.answer("clone", SCMP_ACT_NOTIFY, {{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0}});
        filter.answer("clone3", no_such_call); // its flags cannot be seen
    }
    if (rules.tell_paths) {
        filter.answer(PathCalls::names(), SCMP_ACT_NOTIFY);
    }
    return filter.load();
}

} // namespace noa::link
