// The files that a configuration is read from.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/file.hpp"

namespace noa::config {

// *.toml in name order, without dot files; empty when there is no such directory. At most 1,000.
[[nodiscard]] Result<std::vector<std::filesystem::path>>
list_toml(const std::filesystem::path& directory);

// "x.toml", but no dot file and no "x.toml~".
[[nodiscard]] bool is_toml_name(std::string_view name);

} // namespace noa::config
