// The environment as the uppermost layer.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/tree.hpp"

namespace noa::config {

// Lays NOA_HOST_…, NOA_AGENTS_<AGENT>_… and the seeds' names (LOG_LEVEL, …) over `tree`, for
// the agents that it holds. NOA_ names win over the seeds'. Variables that mean nothing here
// become notices, which name the variable and never its value.
void apply_environment(Tree& tree, const std::map<std::string, std::string>& environment,
                       Problems& problems, std::vector<std::string>& notices);

} // namespace noa::config
