#include "link/denied_calls.hpp"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <vector>

namespace noa::link {

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

#define NOA_CALL(name)                                                                             \
    DeniedCall {                                                                                   \
        SYS_##name, #name                                                                          \
    } // NOLINT(cppcoreguidelines-macro-usage)

constexpr std::array always{
    NOA_CALL(mount),
    NOA_CALL(umount2),
    NOA_CALL(pivot_root),
    NOA_CALL(chroot),
    NOA_CALL(open_tree),
    NOA_CALL(move_mount),
    NOA_CALL(fsopen),
    NOA_CALL(fsmount),
    NOA_CALL(fsconfig),
    NOA_CALL(fspick),
    NOA_CALL(swapon),
    NOA_CALL(swapoff),
    NOA_CALL(reboot),
    NOA_CALL(kexec_load),
    NOA_CALL(init_module),
    NOA_CALL(finit_module),
    NOA_CALL(delete_module),
    NOA_CALL(setns),
    NOA_CALL(unshare),
    NOA_CALL(sethostname),
    NOA_CALL(setdomainname),
    NOA_CALL(settimeofday),
    NOA_CALL(clock_settime),
    NOA_CALL(clock_adjtime),
    NOA_CALL(adjtimex),
    NOA_CALL(acct),
    NOA_CALL(quotactl),
    NOA_CALL(ptrace),
    NOA_CALL(process_vm_readv),
    NOA_CALL(process_vm_writev),
    NOA_CALL(pidfd_getfd),
    NOA_CALL(kcmp),
    NOA_CALL(bpf),
    NOA_CALL(perf_event_open),
    NOA_CALL(userfaultfd),
    NOA_CALL(io_uring_setup),
    NOA_CALL(keyctl),
    NOA_CALL(add_key),
    NOA_CALL(request_key),
    NOA_CALL(name_to_handle_at),
    NOA_CALL(open_by_handle_at),
    NOA_CALL(syslog),
    NOA_CALL(seccomp),
};

constexpr std::array processes{
#ifdef SYS_fork
    NOA_CALL(fork),
    NOA_CALL(vfork),
#endif
    NOA_CALL(execve),
    NOA_CALL(execveat),
};

constexpr std::array looked_into{NOA_CALL(socket), NOA_CALL(clone), NOA_CALL(clone3)};

#undef NOA_CALL

constexpr std::uint32_t argument(std::size_t index) noexcept {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args) + index * sizeof(std::uint64_t));
}

// Writes the program; jumps are over the next statements.
class Program {
public:
    void load(std::size_t offset) {
        add(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
    }
    void answer(std::uint32_t action) { add(BPF_RET | BPF_K, action); }
    void answer_if(std::uint32_t value, std::uint32_t action) {
        add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
        answer(action);
    }
    void add(unsigned code, std::uint32_t value, std::uint8_t if_true = 0,
             std::uint8_t if_false = 0) {
        statements_.push_back({static_cast<std::uint16_t>(code), if_true, if_false, value});
    }
    [[nodiscard]] sock_fprog finish() {
        answer(SECCOMP_RET_ALLOW);
        return {static_cast<unsigned short>(statements_.size()), statements_.data()};
    }

private:
    std::vector<sock_filter> statements_;
};

constexpr std::uint32_t told = SECCOMP_RET_USER_NOTIF;
constexpr std::uint32_t no_such_call = SECCOMP_RET_ERRNO | ENOSYS; // callers have another way

// A clone that makes a process and not a thread; clone3, whose flags cannot be seen, falls back to
// clone.
void deny_new_processes(Program& program) {
    for (const auto& call : processes) {
        program.answer_if(static_cast<std::uint32_t>(call.number), told);
    }
    program.answer_if(SYS_clone3, no_such_call);
    program.add(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4);
    program.load(argument(0));
    program.add(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0);
    program.answer(told);
    program.load(offsetof(seccomp_data, nr));
}

void deny_network(Program& program) {
    program.add(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 4);
    program.load(argument(0));
    program.add(BPF_JMP | BPF_JEQ | BPF_K, AF_UNIX, 1, 0);
    program.answer(told);
    program.load(offsetof(seccomp_data, nr));
}

} // namespace

std::span<const DeniedCall> denied_always() noexcept {
    return always;
}

std::span<const DeniedCall> denied_without_processes() noexcept {
    return processes;
}

std::string name_of_call(int number) {
    for (const auto calls :
         {std::span<const DeniedCall>(always), std::span<const DeniedCall>(processes),
          std::span<const DeniedCall>(looked_into)}) {
        for (const auto& call : calls) {
            if (call.number == number) {
                return call.name;
            }
        }
    }
    return "system call " + std::to_string(number);
}

Result<UniqueFd> deny_calls(const CallFilter& filter) {
    if (this_arch == 0) {
        return fail(Errc::refused, "deny system calls", "seccomp",
                    "this processor has no filter yet");
    }
    Program program;
    program.load(offsetof(seccomp_data, arch));
    program.add(BPF_JMP | BPF_JEQ | BPF_K, this_arch, 1, 0);
    program.answer(SECCOMP_RET_KILL_PROCESS);
    program.load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
    program.add(BPF_JMP | BPF_JGE | BPF_K, x32_bit, 0, 1);
    program.answer(no_such_call);
#endif
    if (filter.sandbox) {
        for (const auto& call : always) {
            program.answer_if(static_cast<std::uint32_t>(call.number), told);
        }
    }
    if (!filter.network) {
        deny_network(program);
    }
    if (!filter.processes) {
        deny_new_processes(program);
    }
    const auto finished = program.finish();
    const long fd = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                              SECCOMP_FILTER_FLAG_NEW_LISTENER, &finished);
    if (fd < 0) {
        return fail_errno("deny system calls", "seccomp", errno);
    }
    return UniqueFd(static_cast<int>(fd));
}

Result<int> refuse_call(int notifications) {
    // The kernel may know longer structs than these headers.
    seccomp_notif_sizes sizes{};
    if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) {
        return fail_errno("hear of a denied call", "seccomp", errno);
    }
    std::vector<std::uint64_t> request(sizes.seccomp_notif / sizeof(std::uint64_t) + 1);
    std::vector<std::uint64_t> response(sizes.seccomp_notif_resp / sizeof(std::uint64_t) + 1);
    auto* asked = reinterpret_cast<seccomp_notif*>(request.data());
    auto* answer = reinterpret_cast<seccomp_notif_resp*>(response.data());
    if (::ioctl(notifications, SECCOMP_IOCTL_NOTIF_RECV, asked) != 0) {
        return fail_errno("hear of a denied call", "seccomp", errno);
    }
    answer->id = asked->id;
    answer->error = -EPERM;
    static_cast<void>(::ioctl(notifications, SECCOMP_IOCTL_NOTIF_SEND, answer));
    return asked->data.nr;
}

} // namespace noa::link
