// The composition of a host: constructs, connects, runs the main loop, takes it apart.
#pragma once

#include "base/log.hpp"
#include "options.hpp"

namespace noa {

// Returns an exit code.
[[nodiscard]] int run_daemon(const Options& options, Log& log);

} // namespace noa
