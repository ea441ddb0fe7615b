// Errors of the system, as values.
#pragma once

#include <string>
#include <string_view>

#include "noa/sdk/result.hpp"

namespace backup {

// Of errno: "write /srv/backup/tmp/new-1: No space left on device; free space there".
[[nodiscard]] noa::sdk::Error system_error(std::string_view attempt, std::string_view path);

[[nodiscard]] noa::sdk::Status sync_directory(const std::string& path);

} // namespace backup
