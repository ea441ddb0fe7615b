// Where the core of a process that died is to be found, or why there is none: core(5).
#pragma once

#include <cstdint>
#include <string>

namespace noa {

// In words, for whoever reads the log. `pattern` is the kernel's setting, `limit` the RLIMIT_CORE
// that the process had.
[[nodiscard]] std::string core_hint(const std::string& pattern, std::uint64_t limit);
// Of a process of this host that died just now, or of the host's former life.
[[nodiscard]] std::string core_hint();

} // namespace noa
