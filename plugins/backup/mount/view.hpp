// The snapshots of a repository as one tree of files, read as somebody looks at it. Knows no FUSE.
//
//     /ids/0123abcd          a snapshot, by the start of its id
//     /dates/2026-01-02T…Z   a link to one, and `latest` to the newest
//
// or, of one snapshot, what is in it.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "../repository/repository.hpp"
#include "../repository/tree.hpp"

namespace backup {

struct ViewLimits {
    std::size_t tree_bytes = std::size_t{32} << 20U; // of trees as they are stored, kept in memory
    std::size_t blob_bytes = std::size_t{64} << 20U; // of pieces of files; one more is kept always
};

// Belongs to one thread at a time.
class SnapshotView {
public:
    // The index has to be loaded. All snapshots of now, or one.
    [[nodiscard]] static noa::sdk::Result<SnapshotView>
    of_all(Repository& repository, const std::vector<Snapshot>& snapshots,
           const ViewLimits& limits = {});
    [[nodiscard]] static noa::sdk::Result<SnapshotView>
    of_one(Repository& repository, const Snapshot& snapshot, const ViewLimits& limits = {});

    // At an absolute path. NOA_E_NOT_FOUND, or why it cannot be read.
    [[nodiscard]] noa::sdk::Result<Node> find(std::string_view path);
    // What is in a directory, in the order of names.
    using Names = std::vector<std::string>;
    [[nodiscard]] noa::sdk::Result<Names> list(std::string_view path);

    // A file that is being read: where each of its pieces begins.
    struct File {
        std::vector<Id> content;
        std::vector<std::uint64_t> ends; // of each piece, in the file
        [[nodiscard]] std::uint64_t size() const { return ends.empty() ? 0 : ends.back(); }
    };
    // NOA_E_FAILED when a piece of it is in no index.
    [[nodiscard]] noa::sdk::Result<File> open(std::string_view path);
    // Fills from `offset` on to the end of `into` or of the file; how much. Every byte has the hash
    // that it was stored with.
    [[nodiscard]] noa::sdk::Result<std::size_t> read(const File& file, std::uint64_t offset,
                                                     std::span<std::uint8_t> into);

    [[nodiscard]] std::size_t kept_bytes() const noexcept { return blobs_.bytes + trees_.bytes; }

private:
    // The newest first; what has not been used for longest goes when there is too much.
    template <class T>
    struct Recent {
        struct Entry {
            Id id;
            std::shared_ptr<const T> value; // owners: this, who reads it at the moment
            std::size_t size;
        };
        std::list<Entry> all;
        std::unordered_map<Id, typename std::list<Entry>::iterator, IdHash> places;
        std::size_t bytes = 0;
        std::size_t most = 0;

        std::shared_ptr<const T> find(const Id& id);
        std::shared_ptr<const T> add(const Id& id, T value, std::size_t size);
    };
    using Tree = std::vector<Node>;

    SnapshotView(Repository& repository, BlobReader reader, const ViewLimits& limits)
        : repository_(&repository), reader_(std::move(reader)) {
        trees_.most = limits.tree_bytes;
        blobs_.most = limits.blob_bytes;
    }
    void name_all(const std::vector<Snapshot>& snapshots);
    noa::sdk::Result<std::shared_ptr<const Tree>> tree(const Id& id);
    noa::sdk::Result<std::shared_ptr<const Bytes>> blob(const Id& id);
    // In a snapshot; `parts` lead there.
    noa::sdk::Result<Node> find_in(const Id& tree, std::span<const std::string> parts);

    Repository* repository_;
    BlobReader reader_;
    Recent<Tree> trees_;
    Recent<Bytes> blobs_;
    std::optional<Id> only_;            // the tree of the one snapshot
    std::map<std::string, Node> ids_;   // directories
    std::map<std::string, Node> dates_; // links
};

} // namespace backup
