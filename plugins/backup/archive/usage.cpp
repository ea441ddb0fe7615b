#include "usage.hpp"

#include "tree_walk.hpp"

namespace backup {

// False when it is in no index.
bool Usage::mark(Index& index, const Id& id, BlobKind kind, bool& ret_fresh) {
    const auto position = index.position(id, kind);
    if (!position) {
        return false;
    }
    if (used_.size() < index.size()) {
        used_.resize(index.size());
    }
    ret_fresh = !used_[*position];
    count_ += ret_fresh ? 1U : 0U;
    used_[*position] = true;
    return true;
}

// A tree that was seen is not gone into again: its files are known.
noa::sdk::Status Usage::add(Repository& repository, const Snapshot& snapshot,
                            const Missing& missing) {
    auto reader = BlobReader::make(repository);
    if (!reader) {
        return reader.error();
    }
    Index& index = repository.index();
    const std::string name = "snapshot " + snapshot.id.short_hex();
    struct Open {
        Id tree;
        std::string path;
    };
    std::vector<Open> open{{snapshot.tree, ""}};
    while (!open.empty()) {
        const Open at = std::move(open.back());
        open.pop_back();
        bool fresh = false;
        if (!mark(index, at.tree, BlobKind::tree, fresh)) {
            missing(name, at.path + "/: tree " + at.tree.short_hex() + " is in no index");
            continue;
        }
        if (!fresh) {
            continue;
        }
        const auto nodes = load_tree(*reader, at.tree);
        if (!nodes) {
            missing(name, at.path + "/: " + nodes.error().text);
            continue;
        }
        for (const Node& node : *nodes) {
            if (node.subtree) {
                open.push_back({*node.subtree, at.path + "/" + node.name});
            }
            for (const Id& id : node.content) {
                if (!mark(index, id, BlobKind::data, fresh)) {
                    missing(name, at.path + "/" + node.name + ": data " + id.short_hex() +
                                      " is in no index");
                }
            }
        }
    }
    return {};
}

} // namespace backup
