// Takes from this process what a plugin under probe has no use for.
#pragma once

#include <string>
#include <vector>

namespace noa::plugin {

// For the whole process and for good; call it before a second thread exists. Afterwards: no new
// privileges, no core file, no network, no process beside this one, no signal to another, no
// file opened for writing or changed; cpu, memory and descriptors are limited; it dies with the
// thread that started it, and first when memory runs out.
// Answers what this kernel does not offer: "landlock", "seccomp".
[[nodiscard]] std::vector<std::string> confine();

// The parts, one a file. False when the kernel does not have it.
[[nodiscard]] bool deny_file_writes();
// `deny_write_opens`: also open and openat for writing, for kernels without Landlock.
[[nodiscard]] bool filter_system_calls(bool deny_write_opens);

} // namespace noa::plugin
