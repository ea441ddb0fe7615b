#include "serve.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "base/stack_probe.hpp"
#include "served_lane.hpp"

namespace noa::runner {

namespace {

constexpr int link_fd = 3;

} // namespace

int serve(const std::string& agent) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ::prctl(PR_SET_NAME, ("noa:" + agent).c_str(), 0, 0, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    ::signal(SIGPIPE, SIG_IGN); // as in the host
    ::signal(SIGXFSZ, SIG_IGN);
    UniqueFd bell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!bell || ::fcntl(link_fd, F_SETFD, FD_CLOEXEC) != 0) {
        std::fputs("noa-agent-runner: --serve is for noad: descriptor 3 is no link\n", stderr);
        return 2;
    }
    StackProbe::install(StackProbe::Tell::output);
    ServedLane lane(UniqueFd(link_fd), std::move(bell), agent);
    set_served_lane(&lane);
    const int code = lane.run();
    std::fflush(nullptr);
    // Neither destructors under threads that the plugin may have left, nor a wait for them.
    ::_exit(code);
}

} // namespace noa::runner
