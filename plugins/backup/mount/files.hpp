// A view as a file system of the kernel, until it is unmounted or SIGINT, SIGTERM or SIGHUP comes.
#pragma once

#include <csignal>
#include <string>

#include "view.hpp"

namespace backup {

// Nothing in it can be written. At `directory`, which exists; for who mounts it alone. What cannot
// be read is told on stderr. REQUIRES: ending_signals() are blocked, in threads that were started
// before, too; they are let through here.  [main thread]
[[nodiscard]] sigset_t ending_signals() noexcept;
[[nodiscard]] noa::sdk::Status serve_files(SnapshotView& view, const std::string& directory);

} // namespace backup
