#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "plugin/confine.hpp"

namespace noa::plugin {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t this_arch = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t this_arch = AUDIT_ARCH_AARCH64;
#elif defined(__riscv)
constexpr std::uint32_t this_arch = AUDIT_ARCH_RISCV64;
#else
constexpr std::uint32_t this_arch = 0; // no filter
#endif

constexpr std::uint32_t x32_bit = 0x40000000U;

// Answered EPERM: other processes, the network, file trees, the machine.
constexpr int denied[] = {
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
#endif
    SYS_execve,
    SYS_execveat,
    SYS_tkill,
    SYS_pidfd_send_signal,
    SYS_pidfd_open,
    SYS_pidfd_getfd,
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_process_madvise,
    SYS_kcmp,
    SYS_setpriority,
    SYS_ioprio_set,
    SYS_migrate_pages,
    SYS_move_pages,
    SYS_socket,
    SYS_connect,
    SYS_bind,
    SYS_listen,
    SYS_accept,
    SYS_accept4,
    SYS_shmget,
    SYS_shmat,
    SYS_shmctl,
    SYS_semget,
    SYS_semctl,
    SYS_semop,
    SYS_semtimedop,
    SYS_msgget,
    SYS_msgctl,
    SYS_msgsnd,
    SYS_msgrcv,
    SYS_mq_open,
    SYS_mq_unlink,
#ifdef SYS_open
    SYS_creat,
    SYS_unlink,
    SYS_rename,
    SYS_mkdir,
    SYS_rmdir,
    SYS_link,
    SYS_symlink,
    SYS_mknod,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_futimesat,
#endif
#ifdef SYS_renameat
    SYS_renameat,
#endif
    SYS_unlinkat,
    SYS_renameat2,
    SYS_mkdirat,
    SYS_linkat,
    SYS_symlinkat,
    SYS_mknodat,
    SYS_truncate,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchown,
    SYS_fchownat,
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_removexattr,
    SYS_lremovexattr,
    SYS_fremovexattr,
    452 /* fchmodat2 */,
    SYS_name_to_handle_at,
    SYS_open_by_handle_at,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsmount,
    SYS_fspick,
    SYS_mount_setattr,
    SYS_setns,
    SYS_unshare,
    SYS_quotactl,
    SYS_swapon,
    SYS_swapoff,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_add_key,
    SYS_request_key,
    SYS_keyctl,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_settimeofday,
    SYS_clock_settime,
    SYS_clock_adjtime,
    SYS_adjtimex,
    SYS_sethostname,
    SYS_setdomainname,
    SYS_syslog,
    SYS_acct,
};

// Answered ENOSYS, upon which callers fall back to calls whose arguments can be looked at.
// (io_uring would get around the filter altogether.)
constexpr int unknown[] = {SYS_clone3, SYS_openat2, SYS_io_uring_setup, SYS_io_uring_enter,
                           SYS_io_uring_register};

// Allowed when the first argument is this process.
constexpr int to_self[] = {SYS_kill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo};

constexpr std::uint32_t deny = SECCOMP_RET_ERRNO | EPERM;
constexpr std::uint32_t deny_as_unknown = SECCOMP_RET_ERRNO | ENOSYS;

class Filter {
public:
    void load(std::size_t offset) {
        add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    }
    void answer(std::uint32_t verdict) { add(BPF_RET | BPF_K, verdict); }
    // The next `count` instructions are for this call only.
    void only_for(int call, std::uint8_t count) {
        add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, count);
    }
    void jump(std::uint16_t test, std::uint32_t value, std::uint8_t if_true,
              std::uint8_t if_false) {
        add(static_cast<std::uint16_t>(BPF_JMP | BPF_K | test), value, if_true, if_false);
    }
    void answer_call(int call, std::uint32_t verdict) {
        only_for(call, 1);
        answer(verdict);
    }
    // Ends the program for `call`: `test` on the low half of an argument.
    void judge_argument(int call, unsigned argument, std::uint16_t test, std::uint32_t value,
                        std::uint32_t if_true, std::uint32_t if_false) {
        only_for(call, 4);
        load(offsetof(seccomp_data, args) + argument * sizeof(std::uint64_t) + low_half);
        jump(test, value, 0, 1);
        answer(if_true);
        answer(if_false);
    }
    [[nodiscard]] bool install() {
        const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
        return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
    }

private:
    static constexpr std::size_t low_half = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 0 : 4;

    void add(int code, std::uint32_t value, std::uint8_t if_true = 0, std::uint8_t if_false = 0) {
        code_.push_back({static_cast<std::uint16_t>(code), if_true, if_false, value});
    }
    std::vector<sock_filter> code_;
};

void filter_arguments(Filter& filter, bool deny_write_opens) {
    const auto self = static_cast<std::uint32_t>(::getpid());
    for (const int call : to_self) {
        filter.judge_argument(call, 0, BPF_JEQ, self, SECCOMP_RET_ALLOW, deny);
    }
    filter.judge_argument(SYS_clone, 0, BPF_JSET, CLONE_THREAD, SECCOMP_RET_ALLOW, deny);
    if (deny_write_opens) {
        constexpr std::uint32_t writing = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
        filter.judge_argument(SYS_openat, 2, BPF_JSET, writing, deny, SECCOMP_RET_ALLOW);
#ifdef SYS_open
        filter.judge_argument(SYS_open, 1, BPF_JSET, writing, deny, SECCOMP_RET_ALLOW);
#endif
    }
    // Limits of other processes.
    filter.only_for(SYS_prlimit64, 5);
    filter.load(offsetof(seccomp_data, args));
    filter.jump(BPF_JEQ, 0, 1, 0);
    filter.jump(BPF_JEQ, self, 0, 1);
    filter.answer(SECCOMP_RET_ALLOW);
    filter.answer(deny);
}

} // namespace

bool filter_system_calls(bool deny_write_opens) {
    if (this_arch == 0) {
        return false;
    }
    Filter filter;
    filter.load(offsetof(seccomp_data, arch));
    filter.jump(BPF_JEQ, this_arch, 1, 0);
    filter.answer(deny);
    filter.load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
    filter.jump(BPF_JGE, x32_bit, 0, 1);
    filter.answer(deny);
#endif
    for (const int call : denied) {
        filter.answer_call(call, deny);
    }
    for (const int call : unknown) {
        filter.answer_call(call, deny_as_unknown);
    }
    filter_arguments(filter, deny_write_opens);
    filter.answer(SECCOMP_RET_ALLOW);
    return filter.install();
}

} // namespace noa::plugin
