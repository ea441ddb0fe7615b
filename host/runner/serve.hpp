// The runner's life as an agent's process.
#pragma once

#include <string>

namespace noa::runner {

// Serves the agent over the link, descriptor 3, until the host is done with it: the exit code.
[[nodiscard]] int serve(const std::string& agent);

} // namespace noa::runner
