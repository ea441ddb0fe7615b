#include "link/call_watch.hpp"

#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>

#include "base/call_filter.hpp"
#include "base/clock.hpp"
#include "plugin/text.hpp"

namespace noa::link {

namespace {

// Of linux/seccomp.h from 6.6: whoever waits for whom is woken on the same processor.
constexpr auto set_flags = _IOW(SECCOMP_IOC_MAGIC, 4, std::uint64_t);
constexpr std::uint64_t wake_here = 1;

// Calls that are looked at; the rest is made unseen, so that an agent that does nothing but open
// files does not have the host do nothing else either.
constexpr std::uint32_t looks_a_second = 1000;
constexpr std::int64_t second = 1'000'000'000;
constexpr std::size_t path_text_max = 512;

} // namespace

CallWatch::CallWatch(Home& home, UniqueFd notifications, int ended, const Options& options)
    : home_(home), notifications_(std::move(notifications)), ended_(ended),
      processes_(options.processes), reach_(options.reachable) {
    static_cast<void>(::ioctl(notifications_.get(), set_flags, wake_here));
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), ("calls:" + options.agent.substr(0, 9)).c_str());
}

CallWatch::~CallWatch() {
    thread_.join();
}

void CallWatch::run() {
    std::array<pollfd, 2> waits{{{notifications_.get(), POLLIN, 0}, {ended_, POLLIN, 0}}};
    while (waits[1].revents == 0 && (waits[0].revents & POLLHUP) == 0) {
        if (::poll(waits.data(), waits.size(), -1) > 0 && (waits[0].revents & POLLIN) != 0) {
            answer();
        }
    }
}

void CallWatch::answer() {
    seccomp_notif* asked = nullptr;
    seccomp_notif_resp* answer = nullptr;
    if (::seccomp_notify_alloc(&asked, &answer) != 0) {
        return;
    }
    // It fails when the caller was killed or interrupted meanwhile.
    if (::seccomp_notify_receive(notifications_.get(), asked) == 0) {
        answer->id = asked->id;
        if (judge(*asked)) {
            answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
        } else {
            answer->error = -EPERM;
        }
        static_cast<void>(::seccomp_notify_respond(notifications_.get(), answer));
    }
    ::seccomp_notify_free(asked, answer);
}

bool CallWatch::judge(const seccomp_notif& asked) {
    const int call = asked.data.nr;
    if (path_calls_.has(call) && (processes_ || !path_calls_.is_exec(call))) {
        look(asked);
        return true; // Landlock decides
    }
    tell(call, {});
    return false;
}

void CallWatch::tell(int call, const std::string& path) {
    home_.call_denied(name_of_call(call), path, ++denied_so_far_[call]);
}

void CallWatch::look(const seccomp_notif& asked) {
    const auto now = monotonic_ns();
    if (now - second_ns_ >= second) {
        second_ns_ = now;
        looks_ = 0;
    }
    if (++looks_ > looks_a_second) {
        return;
    }
    const auto path = path_calls_.out_of_reach(asked, reach_);
    // Otherwise the caller has gone, and what was read may be another's.
    if (path && ::seccomp_notify_id_valid(notifications_.get(), asked.id) == 0) {
        tell(asked.data.nr, plugin::printable(*path, path_text_max));
    }
}

} // namespace noa::link
