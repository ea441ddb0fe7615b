// One host to a directory.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa {

// Makes `directory` with `mode` if it is missing, and locks "noad.lock" in it for the life of the
// returned descriptor. Errc::busy names the process that has it.
[[nodiscard]] Result<UniqueFd> lock_directory(const std::filesystem::path& directory,
                                              unsigned mode);

} // namespace noa
