// From a snapshot to directories.
#pragma once

#include <stop_token>
#include <string>

#include "progress.hpp"
#include "tree_walk.hpp"

namespace backup {

struct RestoreOptions {
    std::string path = "/"; // what of the snapshot
    std::string target{};   // a directory; made when it is not there
    // False: with the folders above `path`, as restic does; true: what is in `path` is in target,
    // a file as target/NAME.
    bool strip = false;
    bool read_back = false; // from the disk, before it has its name
    unsigned workers = 2;
};

struct RestoreResult {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t directories = 0;
};

// A file is written beside its place, and takes it when every byte was checked: a failure leaves
// what was there. No link in the target is followed. What cannot be restored is a fault of
// `progress` and the rest goes on; owners that this process may not give are left.
// The index has to be loaded.  [any thread, its own]
[[nodiscard]] noa::sdk::Result<RestoreResult>
restore(Repository& repository, const Snapshot& snapshot, const RestoreOptions& options,
        Progress& progress, const std::stop_token& stop);

} // namespace backup
