// Examines a plugin's bytes before anything maps or runs them.
#pragma once

#include <filesystem>

#include "base/result.hpp"
#include "plugin/facts.hpp"

namespace noa::plugin {

struct ScanOptions {
    bool allow_pinned = false;
    bool check_owner = true; // file and directory: root or this user, not world-writable
};

// Reads the file with pread only (a mapping would die of SIGBUS when it is truncated).
// Checked: regular file, size limits, ELF header, class, machine, type; program and section
// headers inside the file; every PT_LOAD inside the file; the NOA note and its versions; the
// entry symbol, and that it is the only one exported; no UNIQUE symbol, no NODELETE, no
// text relocations, no executable stack; $ORIGIN in a runpath.
// Refusals name the file, the field, what was wanted and what was found.
[[nodiscard]] Result<ScanFacts> scan(const std::filesystem::path& file, const ScanOptions& options);

// The owner and mode part alone: ask it of the source when its staged copy is scanned.
[[nodiscard]] Result<void> check_owner(const std::filesystem::path& file);

} // namespace noa::plugin
