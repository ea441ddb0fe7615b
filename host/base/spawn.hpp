// A child process: by posix_spawn, never fork; no shell, and nothing of the parent's that is not
// named here.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace noa {

// Its signals are as a new program expects them, its standard input is /dev/null.
struct ChildPlan {
    enum class Own : std::uint8_t { session, group }; // which of them it leads
    std::string program;
    bool on_path = false; // look for it on PATH
    std::vector<std::string> arguments;
    static constexpr int null = -1; // /dev/null, for reading and writing
    // Of the parent, or null, and what it is to the child; every other one is closed.
    std::vector<std::pair<int, int>> descriptors;
    Own own = Own::session;
};
// [any thread] 0, or an errno value.
[[nodiscard]] int spawn_child(const ChildPlan& plan, pid_t& ret_pid);

// Of this process's environment what a child gets: PATH, HOME, the language, and what the loader
// and sanitizers go by. The rest may hold secrets. Ends with null; points into the environment.
[[nodiscard]] std::vector<char*> public_environment();

} // namespace noa
