// Takes away what no snapshot needs.
#pragma once

#include <stop_token>

#include "../repository/index_file.hpp"
#include "progress.hpp"
#include "usage.hpp"

namespace backup {

struct PruneOptions {
    double max_unused = 0.05; // of what is kept: so much may stay in packs that hold more
    bool dry_run = false;
};

struct PruneReport {
    std::uint64_t kept_packs = 0;
    std::uint64_t removed_packs = 0;  // those that were made anew included
    std::uint64_t repacked_packs = 0; // made anew, without what is not needed
    std::uint64_t unlisted_packs = 0; // removed as well
    std::uint64_t freed_bytes = 0;
    std::uint64_t unused_bytes = 0; // that stay
};

// The repository has to be locked exclusively. Memory: the index, and a bit for each blob. What is
// still needed is written anew, then the index without the old packs, then the old index goes, then
// the packs: an end at any moment leaves all that snapshots need. Nothing is removed when something
// that they need is missing or damaged. Loads the index, before and after.
[[nodiscard]] noa::sdk::Result<PruneReport> prune(Repository& repository,
                                                  const PruneOptions& options, Progress& progress,
                                                  const std::stop_token& stop);

// The index in memory becomes that on the disk: what `wanted` wants of its packs, in new files;
// then `old` goes.
[[nodiscard]] noa::sdk::Status replace_index(Repository& repository, std::vector<Id> old,
                                             const WantedPack& wanted = {});

} // namespace backup
