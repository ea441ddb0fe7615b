// Where noactl reads the configuration when it does so itself.
#pragma once

#include "config/load.hpp"
#include "noactl/commands.hpp"

namespace noa::noactl {

// With this process's environment.
[[nodiscard]] config::Sources sources_of(const ConfigFiles& files);

} // namespace noa::noactl
