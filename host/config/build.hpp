// From a merged tree to a checked Config: types, ranges, names, secrets, cycles.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/tree.hpp"

namespace noa::config {

// Files, directories and notices are the caller's to add.
[[nodiscard]] Config build(const Tree& tree, const std::map<std::string, std::string>& environment,
                           Problems& problems);

// The keys of an agent's table, as build reads them.
[[nodiscard]] std::vector<std::string> agent_keys();

} // namespace noa::config
