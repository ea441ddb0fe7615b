// The part of scan that needs no file system.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "plugin/scan.hpp"

namespace noa::plugin {

// `bytes` is the whole file, `name` stands for it in errors. options.check_owner is not asked.
[[nodiscard]] Result<ScanFacts> scan_bytes(std::span<const std::byte> bytes,
                                           const std::string& name, const ScanOptions& options);

} // namespace noa::plugin
