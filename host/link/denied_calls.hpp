// System calls that a confined runner is denied, and how the host hears of each.
//
// The filter hands such a call to the kernel's notification: the host, which the runner gives the
// descriptor to, learns the number, which nobody can forge, and answers EPERM.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa::link {

struct DeniedCall {
    int number = 0;
    const char* name = nullptr;
};
// Of every sandbox: what changes the machine, or looks into others.
[[nodiscard]] std::span<const DeniedCall> denied_always() noexcept;
// That start a process; threads are made by clone and clone3, and those are looked into.
[[nodiscard]] std::span<const DeniedCall> denied_without_processes() noexcept;
// "mount"; "system call 999" of one that is not in the lists.
[[nodiscard]] std::string name_of_call(int number);

struct CallFilter {
    bool sandbox = false;
    bool network = true;
    bool processes = true;
};
// [runner] For this thread and those that it starts, for good. The descriptor is for the host:
// until it is answered there, a denied call does not return. REQUIRES no_new_privs.
[[nodiscard]] Result<UniqueFd> deny_calls(const CallFilter& filter);

// [host] Answers one denied call: its number. Nothing when there is none (any more).
[[nodiscard]] Result<int> refuse_call(int notifications);

} // namespace noa::link
