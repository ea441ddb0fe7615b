// Reading what others may change, replace or fill at any time.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace noa::config {

// A regular file of at most `limit` bytes. Never blocks on a fifo, never opens a device.
// `info`, when given, is of the file that was read.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit,
                                            struct stat* info = nullptr);

// *.toml in name order, without dot files; empty when there is no such directory. At most 1,000.
[[nodiscard]] Result<std::vector<std::filesystem::path>>
list_toml(const std::filesystem::path& directory);

// "x.toml", but no dot file and no "x.toml~".
[[nodiscard]] bool is_toml_name(std::string_view name);

} // namespace noa::config
