#include "link/denied_calls.hpp"

#include <sched.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/call_filter.hpp"

namespace noa::link {

namespace {

constexpr const char* denied_in_a_sandbox =
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

Result<UniqueFd> deny_calls(const Denied& denied) {
    CallFilter filter(no_such_call);
    if (denied.sandbox) {
        filter.answer(denied_in_a_sandbox, SCMP_ACT_NOTIFY);
    }
    if (denied.network) {
        filter.answer("socket", SCMP_ACT_NOTIFY, {{0, SCMP_CMP_NE, AF_UNIX, 0}});
    }
    if (denied.processes) {
        filter.answer(start_a_process, SCMP_ACT_NOTIFY);
        filter.answer("clone", SCMP_ACT_NOTIFY, {{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0}});
        filter.answer("clone3", no_such_call); // its flags cannot be seen
    }
    return filter.load();
}

Result<int> refuse_call(int notifications) {
    seccomp_notif* asked = nullptr;
    seccomp_notif_resp* answer = nullptr;
    if (const int failed = ::seccomp_notify_alloc(&asked, &answer); failed != 0) {
        return fail_errno("hear of a denied call", "seccomp", -failed);
    }
    Result<int> number = fail_errno("hear of a denied call", "seccomp", ENOENT);
    if (::seccomp_notify_receive(notifications, asked) == 0) {
        number = asked->data.nr;
        answer->id = asked->id;
        answer->error = -EPERM;
        static_cast<void>(::seccomp_notify_respond(notifications, answer));
    }
    ::seccomp_notify_free(asked, answer);
    return number;
}

} // namespace noa::link
