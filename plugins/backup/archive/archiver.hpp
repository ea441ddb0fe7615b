// From directories to a snapshot.
//
// One thread walks, reads and cuts; others hash, compress and encrypt. A directory is stored when
// the last that is in it is, by whoever did that: nobody waits at its end.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "../repository/blob_writer.hpp"
#include "excludes.hpp"
#include "progress.hpp"

namespace backup {

struct Source {
    std::string path; // absolute: where it is in the snapshot
    std::string from; // where it is read; empty: there
};

// Of a snapshot in which something is missing, or not as it was at one moment.
inline constexpr const char* partial_tag = "partial";

struct ArchiveOptions {
    std::vector<Source> sources;
    std::vector<std::string> excludes;
    // Files and folders that are read elsewhere: a consistent copy in the place of what is at work.
    std::map<std::string, std::string> substitutes;
    std::set<std::string> omitted; // what such a copy makes superfluous
    std::vector<std::string> tags;
    // Files with the same size, times and inode as there are not read again; null: the newest
    // snapshot of this host and these paths.
    std::optional<Id> parent;
    bool read_all = false; // no parent
    Origin origin;
    Timestamp time;
    unsigned workers = 2;
};

struct ArchiveResult {
    Snapshot snapshot; // with its id
    std::uint64_t files = 0;
    std::uint64_t unchanged = 0; // of these
    std::uint64_t directories = 0;
    WriteFigures written;
};

// What cannot be read is left out and a fault of `progress`, and the snapshot is tagged as partial;
// what cannot be stored ends it. An end
// leaves what was stored already for the next time. The index has to be loaded, and the repository
// locked.  [any thread, its own]
[[nodiscard]] noa::sdk::Result<ArchiveResult> archive(Repository& repository,
                                                      const ArchiveOptions& options,
                                                      Progress& progress,
                                                      const std::stop_token& stop);

// The newest of `host` with exactly these paths and tags.
[[nodiscard]] const Snapshot* parent_of(const std::vector<Snapshot>& all, const std::string& host,
                                        const std::vector<std::string>& paths);

} // namespace backup
