// Whether a repository is what its snapshots need.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "progress.hpp"
#include "usage.hpp"

namespace backup {

struct CheckOptions {
    // How much of the data is read, decrypted and hashed: the packs of `part` (from 0) of `parts`;
    // none of it with 0 parts.
    std::uint32_t part = 0;
    std::uint32_t parts = 0;
    unsigned workers = 2;
};

struct CheckReport {
    std::uint64_t snapshots = 0;
    std::uint64_t packs = 0;
    std::uint64_t read_packs = 0;
    std::uint64_t read_bytes = 0;
    std::uint64_t unlisted_packs = 0; // left by a run that ended: no fault
    std::vector<Id> bad_packs;
    std::vector<Fault> faults; // the first of them
    std::vector<Fault> lost;   // snapshot and path of the files that are damaged
    std::uint64_t fault_count = 0;

    [[nodiscard]] bool good() const noexcept { return fault_count == 0; }
};

// An Error is a check that could not be done; what it found is in the report. The repository has to
// be locked. Loads the index.
[[nodiscard]] noa::sdk::Result<CheckReport> check(Repository& repository,
                                                  const CheckOptions& options, Progress& progress,
                                                  const std::stop_token& stop);

// Reads all of a pack: its name, its header, each blob. Empty when it is good; else what is wrong,
// blob by blob, and which blobs of it these are.
struct PackFaults {
    std::vector<Fault> faults;
    std::vector<PackedBlob> bad;
};
[[nodiscard]] PackFaults read_pack(Repository& repository, BlobReader& reader, const Id& pack);

} // namespace backup
