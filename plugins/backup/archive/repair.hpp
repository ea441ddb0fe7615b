// Takes what is damaged out of a repository, and saves what can be saved.
#pragma once

#include <stop_token>

#include "check.hpp"

namespace backup {

struct RepairReport {
    std::uint64_t bad_packs = 0;
    std::uint64_t saved_blobs = 0;   // of bad packs, whole themselves
    std::uint64_t fetched_blobs = 0; // from the spare
    std::uint64_t missing_blobs = 0; // nobody has them
    std::vector<Fault> lost;         // snapshot and path of files that were damaged
};

// The repository has to be locked exclusively, `spare` shared, with its index loaded; it may be
// null. Reads all of the data. What is whole in a bad pack, or is in `spare`, is written anew; then
// the index without the bad packs, then those go: an end at any moment leaves no less than there
// was. Afterwards the missing are known to be missing: an archive of the files that have them reads
// these again, and makes old snapshots whole too. Loads the index, before and after.
[[nodiscard]] noa::sdk::Result<RepairReport>
repair(Repository& repository, Repository* spare, Progress& progress, const std::stop_token& stop);

} // namespace backup
