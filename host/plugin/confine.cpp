#include "plugin/confine.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "base/sanitizers.hpp"
#include "base/unique_fd.hpp"

namespace noa::plugin {

namespace {

constexpr rlim_t cpu_seconds = 60;
constexpr rlim_t descriptors = 256;
#ifndef NOA_UNDER_SANITIZER
constexpr rlim_t address_space = rlim_t{4} << 30U;
#endif

// Lowering a limit cannot fail; one that is lower already stays.
void limit(int resource, rlim_t value) {
    rlimit now{};
    if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &now) == 0 &&
        now.rlim_max != RLIM_INFINITY && now.rlim_max < value) {
        value = now.rlim_max;
    }
    const rlimit wanted{value, value};
    static_cast<void>(::setrlimit(static_cast<__rlimit_resource_t>(resource), &wanted));
}

void set_limits() {
    limit(RLIMIT_CPU, cpu_seconds);
    limit(RLIMIT_NOFILE, descriptors);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
#ifndef NOA_UNDER_SANITIZER
    // Sanitizers reserve terabytes.
    limit(RLIMIT_AS, address_space);
#endif
    // A write over the file size limit is answered EFBIG rather than by a signal.
    ::signal(SIGXFSZ, SIG_IGN);
}

void volunteer_for_the_oom_killer() {
    const UniqueFd fd(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (fd) {
        static_cast<void>(!::write(fd.get(), "1000", 4));
    }
}

} // namespace

std::vector<std::string> confine() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    volunteer_for_the_oom_killer();
#ifndef NOA_UNDER_SANITIZER
    // No core file, even where a handler behind a pipe ignores RLIMIT_CORE, and no ptrace by
    // others. Sanitizers read /proc/self.
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    set_limits();

    std::vector<std::string> missing;
    const bool read_only = deny_file_writes();
    if (!read_only) {
        missing.emplace_back("landlock");
    }
    if (!filter_system_calls(!read_only)) {
        missing.emplace_back("seccomp");
    }
    return missing;
}

} // namespace noa::plugin
