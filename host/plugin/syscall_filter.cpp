#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>

#include "base/call_filter.hpp"
#include "plugin/confine.hpp"

namespace noa::plugin {

namespace {

// Answered EPERM: other processes, the network, file trees, the machine.
constexpr const char* denied_to_a_probe =
    "fork vfork execve execveat "
    "tkill pidfd_send_signal pidfd_open pidfd_getfd ptrace kcmp "
    "process_vm_readv process_vm_writev process_madvise "
    "setpriority ioprio_set migrate_pages move_pages "
    "socket connect bind listen accept accept4 "
    "shmget shmat shmctl semget semctl semop semtimedop "
    "msgget msgctl msgsnd msgrcv mq_open mq_unlink "
    "creat unlink unlinkat rename renameat renameat2 truncate "
    "mkdir mkdirat rmdir mknod mknodat link linkat symlink symlinkat "
    "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat "
    "utime utimes futimesat utimensat "
    "setxattr lsetxattr fsetxattr setxattrat file_setattr "
    "removexattr lremovexattr fremovexattr removexattrat "
    "name_to_handle_at open_by_handle_at "
    "mount umount2 pivot_root chroot open_tree open_tree_attr "
    "move_mount mount_setattr fsopen fsmount fspick "
    "setns unshare quotactl swapon swapoff "
    "bpf perf_event_open userfaultfd add_key request_key keyctl "
    "init_module finit_module delete_module kexec_load reboot "
    "settimeofday clock_settime clock_adjtime adjtimex "
    "sethostname setdomainname syslog acct";

// Answered ENOSYS, upon which callers fall back to calls whose arguments can be looked at.
// (io_uring would get around the filter altogether.)
constexpr const char* unknown_to_a_probe =
    "clone3 openat2 io_uring_setup io_uring_enter io_uring_register";

} // namespace

bool filter_system_calls(bool deny_write_opens) {
    constexpr std::uint32_t deny = SCMP_ACT_ERRNO(EPERM);
    CallFilter filter(deny);
    filter.answer(denied_to_a_probe, deny);
    filter.answer(unknown_to_a_probe, SCMP_ACT_ERRNO(ENOSYS));
    filter.answer("kill tgkill rt_sigqueueinfo rt_tgsigqueueinfo", deny,
                  {{0, SCMP_CMP_NE, static_cast<scmp_datum_t>(::getpid()), 0}});
    filter.answer("prlimit64", deny, {{0, SCMP_CMP_NE, 0, 0}}); // but of the caller
    filter.answer("clone", deny, {{0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0}});
    if (deny_write_opens) {
        for (const scmp_datum_t writing : {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC}) {
            filter.answer("open", deny, {{1, SCMP_CMP_MASKED_EQ, writing, writing}});
            filter.answer("openat", deny, {{2, SCMP_CMP_MASKED_EQ, writing, writing}});
        }
    }
    return filter.load().has_value();
}

} // namespace noa::plugin
