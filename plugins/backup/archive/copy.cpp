#include "copy.hpp"

#include <algorithm>
#include <unordered_set>

#include "../repository/blob_writer.hpp"
#include "tree_walk.hpp"

namespace backup {

namespace {

Id original_of(const Snapshot& snapshot) {
    return snapshot.original.value_or(snapshot.id);
}

class Copy {
public:
    Copy(BlobReader reader, BlobForge forge, Repository& to, BlobWriter& writer, Progress& progress,
         const std::stop_token& stop)
        : reader_(std::move(reader)), forge_(std::move(forge)), to_(to), writer_(writer),
          progress_(progress), stop_(stop) {}

    // What is in a tree before the tree: what is there has all that it needs there.
    noa::sdk::Status tree(const Id& id, std::size_t depth) {
        constexpr std::size_t deepest = 2000;
        if (!seen_.insert(id).second) {
            return {};
        }
        if (depth > deepest || stop_.stop_requested()) {
            return depth > deepest ? noa::sdk::invalid("nested too deep") : interrupted();
        }
        const auto text = reader_.read(id, BlobKind::tree);
        if (!text) {
            return text.error();
        }
        const auto nodes = parse_tree(text_of(*text));
        if (!nodes) {
            return nodes.error();
        }
        for (const Node& node : *nodes) {
            noa::sdk::Status done;
            for (const Id& content : node.content) {
                done = done ? data(content) : std::move(done);
            }
            if (done && node.subtree) {
                done = tree(*node.subtree, depth + 1);
            }
            if (!done) {
                return done;
            }
        }
        return save(BlobKind::tree, id, *text);
    }

private:
    noa::sdk::Status data(const Id& id) {
        if (stop_.stop_requested()) {
            return interrupted();
        }
        if (to_.find(id, BlobKind::data)) {
            return {};
        }
        const auto bytes = reader_.read(id, BlobKind::data);
        return bytes ? save(BlobKind::data, id, *bytes) : noa::sdk::Status(bytes.error());
    }
    noa::sdk::Status save(BlobKind kind, const Id& id, View bytes) {
        const auto saved = writer_.save(kind, id, bytes, forge_);
        progress_.bytes += bytes.size();
        return saved ? noa::sdk::Status() : saved.error();
    }

    BlobReader reader_;
    BlobForge forge_;
    Repository& to_;
    BlobWriter& writer_;
    Progress& progress_;
    const std::stop_token& stop_;
    std::unordered_set<Id, IdHash> seen_; // trees
};

} // namespace

noa::sdk::Result<CopyResult> copy(Repository& from, Repository& to,
                                  const std::vector<Snapshot>& snapshots, Progress& progress,
                                  const std::stop_token& stop) {
    const auto there = to.snapshots();
    auto reader = BlobReader::make(from);
    BlobWriter writer(to);
    auto forge = writer.forge();
    if (!there || !reader || !forge) {
        return !there ? there.error() : !reader ? reader.error() : forge.error();
    }
    Copy work(*std::move(reader), *std::move(forge), to, writer, progress, stop);
    CopyResult result;
    progress.all_files = snapshots.size();
    for (const Snapshot& snapshot : snapshots) {
        progress.files += 1;
        const bool known = std::ranges::any_of(*there, [&](const Snapshot& other) {
            return original_of(other) == original_of(snapshot);
        });
        if (known) {
            continue;
        }
        noa::sdk::Status copied = work.tree(snapshot.tree, 0);
        const noa::sdk::Status finished = writer.finish();
        if (!copied || !finished) {
            return !copied ? copied.error() : finished.error();
        }
        Snapshot its = snapshot;
        its.original = original_of(snapshot);
        its.parent.reset();
        const auto id = to.save_snapshot(its);
        if (!id) {
            return id.error();
        }
        result.snapshots.push_back(*id);
    }
    result.blobs = writer.figures().blobs;
    result.bytes = writer.figures().bytes;
    return result;
}

} // namespace backup
