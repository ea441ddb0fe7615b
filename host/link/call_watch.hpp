// Answers the system calls that a runner is denied or that name a file, in a thread of its own: the
// one that reads the link may wait for the runner, which then waits in a call.
#pragma once

#include <cstdint>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/unique_fd.hpp"
#include "link/home.hpp"
#include "link/path_calls.hpp"

namespace noa::link {

class CallWatch {
public:
    struct Options {
        std::string agent;
        std::vector<Reachable> reachable; // nothing else can be reached
        bool processes = true;            // it may start some
    };
    // `notifications`: of CallRules. `ended`: readable once the process has ended, which is the end
    // of this thread, too; it outlives this.
    CallWatch(Home& home, UniqueFd notifications, int ended, const Options& options);
    ~CallWatch(); // waits for the end of the process
    CallWatch(const CallWatch&) = delete;
    CallWatch& operator=(const CallWatch&) = delete;

private:
    void run();
    void answer();
    // Whether the call is to be made.
    [[nodiscard]] bool judge(const seccomp_notif& asked);
    void look(const seccomp_notif& asked);
    void tell(int call, const std::string& path);

    Home& home_;
    const UniqueFd notifications_;
    const int ended_;
    const bool processes_;
    const PathCalls path_calls_;
    const Reach reach_;
    std::unordered_map<int, std::uint64_t> denied_so_far_; // of each call: there are few
    std::uint32_t looks_ = 0;                              // in this second
    std::int64_t second_ns_ = 0;

    std::thread thread_; // last: it uses everything above
};

} // namespace noa::link
