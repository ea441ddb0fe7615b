// System calls that a confined runner is denied, and how the host hears of each.
//
// The filter hands such a call to the kernel's notification: the host, which the runner gives the
// descriptor to, learns the number, which nobody can forge, and answers EPERM.
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa::link {

struct Denied {
    bool sandbox = false; // what changes the machine, or looks into others
    bool network = false;
    bool processes = false; // threads are made by the same calls: those are looked into
};
// [runner] For this thread and those that it starts, for good. The descriptor is for the host:
// until it is answered there, a denied call does not return.
[[nodiscard]] Result<UniqueFd> deny_calls(const Denied& denied);

// [host] Answers one denied call: its number. Nothing when there is none (any more).
[[nodiscard]] Result<int> refuse_call(int notifications);

} // namespace noa::link
