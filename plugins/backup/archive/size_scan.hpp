// How much there is to read, found beside who reads it.
#pragma once

#include "archiver.hpp"

namespace backup {

// Adds the regular files of the sources to all_files and all_bytes of `progress`; what cannot be
// looked at counts nothing. Ends early when told to.  [any thread, its own]
void scan_sizes(const ArchiveOptions& options, Progress& progress, const std::stop_token& stop);

} // namespace backup
