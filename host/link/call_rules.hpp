// System calls that a confined runner is denied, or that the host is told of.
//
// The filter hands such a call to the kernel's notification: the host, which the runner gives the
// descriptor to, learns the number, which nobody can forge, and lets it be made or not.
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa::link {

struct CallRules {
    bool no_changes_of_machine = false; // nor looks into other processes
    bool no_network = false;
    bool no_processes = false; // threads are made by the same calls: those are looked into
    bool tell_paths = false;   // of PathCalls, which are made
};
// [runner] For this thread and those that it starts, for good. The descriptor is for the host:
// until a call is answered there, it does not return.
[[nodiscard]] Result<UniqueFd> enforce(const CallRules& rules);

} // namespace noa::link
