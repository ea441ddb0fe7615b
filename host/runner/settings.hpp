// Settings arrive through a descriptor: they may hold secrets, a command line is public.
#pragma once

#include <string>

#include "base/result.hpp"

namespace noa::runner {

// Reads to the end and closes it.
[[nodiscard]] Result<std::string> read_settings(int fd);

} // namespace noa::runner
