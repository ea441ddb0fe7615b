// Directories and files whose parts are made by several threads: each is written down by who
// finishes its last part.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "../repository/blob_writer.hpp"
#include "../repository/tree.hpp"

namespace backup {

struct OpenDirectory {
    OpenDirectory* parent = nullptr; // null: the top
    std::size_t slot = 0;            // in the parent
    Node node;
    std::vector<std::string> entries; // JSON by slot; empty: left out
    std::atomic<std::size_t> open{1};
};

struct OpenRegular {
    OpenDirectory* directory = nullptr;
    std::size_t slot = 0;
    Node node;
    std::deque<Id> content; // grows at the end while its elements are written
    std::atomic<bool> failed{false};
    std::atomic<std::size_t> open{1};
};

class Assembly {
public:
    explicit Assembly(BlobWriter& writer) : writer_(writer) {}

    // Both live until their last part is done, or as long as this.
    [[nodiscard]] OpenDirectory* open_directory(OpenDirectory* parent, std::size_t slot, Node node);
    [[nodiscard]] OpenRegular* open_file(OpenDirectory* directory, std::size_t slot, Node node);

    // A part of a file is done. Its last part ends it.
    [[nodiscard]] noa::sdk::Status part_done(OpenRegular* file, BlobForge& forge);
    // One entry of a directory is done, or the walk through it.
    [[nodiscard]] noa::sdk::Status entry_done(OpenDirectory* directory, BlobForge& forge);

    // Of the directory without a parent, when all is done.
    [[nodiscard]] const std::optional<Id>& top() const noexcept { return top_; }

private:
    BlobWriter& writer_;
    std::mutex mutex_; // guards the two below
    std::unordered_map<const OpenDirectory*, std::unique_ptr<OpenDirectory>> directories_;
    std::unordered_map<const OpenRegular*, std::unique_ptr<OpenRegular>> files_;
    std::optional<Id> top_; // written by one thread, read after all were joined
};

} // namespace backup
