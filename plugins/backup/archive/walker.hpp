// Walks through what is to be kept, reads it and cuts it.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "../repository/chunker.hpp"
#include "archiver.hpp"
#include "assembly.hpp"
#include "file_facts.hpp"
#include "job_queue.hpp"
#include "unique_fd.hpp"

namespace backup {

struct Chunk {
    std::unique_ptr<std::uint8_t[]> data;
    std::size_t size = 0;
};
struct ChunkJob {
    OpenRegular* file = nullptr;
    Id* place = nullptr; // in the file's content
    Chunk chunk;
};
using ChunkQueue = JobQueue<ChunkJob>;

// Where a source is, with the folders above it.
struct Place {
    std::string name;
    std::string from;   // where it is read
    bool whole = false; // a source: all that is in it; else only `below`
    std::vector<Place> below;
};
// Sorted; a source within another one is part of it.
[[nodiscard]] noa::sdk::Result<Place> places_of(const std::vector<Source>& sources);

// Belongs to one thread.
class Walker {
public:
    [[nodiscard]] static noa::sdk::Result<std::unique_ptr<Walker>>
    make(Repository& repository, const ArchiveOptions& options, BlobWriter& writer,
         Assembly& assembly, ChunkQueue& queue, Progress& progress, std::stop_token stop);

    // Everything, into the assembly. `parent` is the top of a former one.
    [[nodiscard]] noa::sdk::Status walk(const std::optional<Id>& parent);

    [[nodiscard]] std::uint64_t files() const noexcept { return files_; }
    [[nodiscard]] std::uint64_t unchanged() const noexcept { return unchanged_; }
    [[nodiscard]] std::uint64_t directories() const noexcept { return directories_; }

private:
    using Nodes = std::vector<Node>; // of a former tree, sorted by name
    struct Entry {
        OpenDirectory* directory;
        std::size_t slot;
        const Node* former; // the node of this name then
        const std::string& name;
        const std::string& path; // in the snapshot
        const std::string& from; // on the disk
    };

    Walker(Repository& repository, const ArchiveOptions& options, Assembly& assembly,
           ChunkQueue& queue, Progress& progress, std::stop_token stop, BlobReader reader,
           BlobForge forge);

    noa::sdk::Status walk_place(const Place& place, const std::string& path,
                                OpenDirectory* directory, const std::optional<Id>& former);
    noa::sdk::Status walk_folder(const std::string& path, const std::string& from,
                                 OpenDirectory* directory, const std::optional<Id>& former);
    noa::sdk::Status add(const Entry& entry);
    noa::sdk::Status add_file(const Entry& entry, const std::string& from,
                              const struct stat& before);
    noa::sdk::Status read_chunks(const Entry& entry, int fd, OpenRegular* file);
    noa::sdk::Status push(OpenRegular* file, View chunk);
    bool is_unchanged(const Node& node, const Node* former) const;
    Nodes former_nodes(const std::optional<Id>& tree);
    void add_special(const Entry& entry, const struct stat& found);

    Repository& repository_;
    const ArchiveOptions& options_;
    Assembly& assembly_;
    ChunkQueue& queue_;
    Progress& progress_;
    std::stop_token stop_;
    BlobReader reader_;
    BlobForge forge_;
    Chunker chunker_;
    Excludes excludes_;
    Owners owners_;
    // What was read and not cut yet: largest_chunk bytes.
    std::unique_ptr<std::uint8_t[]> buffer_;
    std::uint64_t files_ = 0;
    std::uint64_t unchanged_ = 0;
    std::uint64_t directories_ = 0;
};

} // namespace backup
