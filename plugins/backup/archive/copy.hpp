// Snapshots from one repository to another.
#pragma once

#include <stop_token>
#include <vector>

#include "../repository/repository.hpp"
#include "progress.hpp"

namespace backup {

struct CopyResult {
    std::vector<Id> snapshots; // as they are called there
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;
};

// Those that are not there yet. Every blob is checked as it is read, and is encrypted with the
// other's key. Both have to be locked, their indexes loaded.
[[nodiscard]] noa::sdk::Result<CopyResult> copy(Repository& from, Repository& to,
                                                const std::vector<Snapshot>& snapshots,
                                                Progress& progress, const std::stop_token& stop);

} // namespace backup
