#include "tree_walk.hpp"

#include <algorithm>

#include "excludes.hpp"

namespace backup {

namespace {

// A tree cannot hold itself, its id being its hash; this is for the stack.
constexpr std::size_t deepest = 2000;

std::string joined(const std::string& folder, const std::string& name) {
    return (folder == "/" ? "" : folder) + "/" + name;
}

// 0: to be gone on with; else how it ended.
struct Walk {
    BlobReader& reader;
    const Visit& visit;
    bool ended = false;

    noa::sdk::Status into(const Id& tree, const std::string& path, std::size_t depth) {
        if (depth > deepest) {
            return noa::sdk::invalid(path + ": nested too deep");
        }
        const auto nodes = load_tree(reader, tree);
        if (!nodes) {
            return noa::sdk::Error{nodes.error().status, path + ": " + nodes.error().text};
        }
        for (const Node& node : *nodes) {
            const std::string its_path = joined(path, node.name);
            const Step step = visit(its_path, node);
            ended = ended || step == Step::end;
            if (ended) {
                return {};
            }
            if (step == Step::into && node.subtree) {
                if (noa::sdk::Status done = into(*node.subtree, its_path, depth + 1);
                    !done || ended) {
                    return done;
                }
            }
        }
        return {};
    }
};

class Comparison {
public:
    Comparison(BlobReader& reader, std::size_t most) : reader_(reader), most_(most) {}

    noa::sdk::Status compare(const std::optional<Id>& left, const std::optional<Id>& right,
                             const std::string& path, std::size_t depth) {
        if (left == right || found.size() > most_ || depth > deepest) {
            return {};
        }
        auto before = left ? load_tree(reader_, *left) : std::vector<Node>();
        auto after = right ? load_tree(reader_, *right) : std::vector<Node>();
        if (!before || !after) {
            return !before ? before.error() : after.error();
        }
        auto old = before->begin();
        auto fresh = after->begin();
        noa::sdk::Status done;
        while (done && (old != before->end() || fresh != after->end())) {
            if (fresh == after->end() || (old != before->end() && old->name < fresh->name)) {
                done = only('-', *old++, path, depth);
            } else if (old == before->end() || fresh->name < old->name) {
                done = only('+', *fresh++, path, depth);
            } else {
                done = both(*old++, *fresh++, path, depth);
            }
        }
        return done;
    }

    std::vector<Difference> found;

private:
    void add(char kind, const std::string& path) {
        if (found.size() <= most_) {
            found.push_back({kind, path});
        }
    }
    noa::sdk::Status only(char kind, const Node& node, const std::string& path, std::size_t depth) {
        const std::string its_path = joined(path, node.name);
        add(kind, its_path);
        return kind == '+' ? compare(std::nullopt, node.subtree, its_path, depth + 1)
                           : compare(node.subtree, std::nullopt, its_path, depth + 1);
    }
    noa::sdk::Status both(const Node& old, const Node& fresh, const std::string& path,
                          std::size_t depth) {
        const std::string its_path = joined(path, fresh.name);
        if (old.kind != fresh.kind) {
            add('T', its_path);
        } else if (old.content != fresh.content || old.link_target != fresh.link_target) {
            add('M', its_path);
        } else if (old.mode != fresh.mode || old.uid != fresh.uid || old.gid != fresh.gid ||
                   old.mtime != fresh.mtime || old.xattrs != fresh.xattrs) {
            add('U', its_path);
        }
        return compare(old.subtree, fresh.subtree, its_path, depth + 1);
    }

    BlobReader& reader_;
    std::size_t most_;
};

} // namespace

noa::sdk::Result<std::vector<Node>> load_tree(BlobReader& reader, const Id& tree) {
    const auto text = reader.read(tree, BlobKind::tree);
    auto nodes =
        text ? parse_tree(text_of(*text)) : noa::sdk::Result<std::vector<Node>>(text.error());
    if (text && !nodes) {
        nodes.error().text.insert(0, tree.short_hex() + ": ");
    }
    return nodes;
}

noa::sdk::Result<Node> find_node_at(BlobReader& reader, const Id& tree, std::string_view path) {
    Node at;
    at.kind = NodeKind::dir;
    at.subtree = tree;
    for (const std::string& part : parts_of(path)) {
        auto nodes = at.subtree ? load_tree(reader, *at.subtree) : std::vector<Node>();
        if (!nodes) {
            return nodes.error();
        }
        const auto found = std::ranges::find(*nodes, part, &Node::name);
        if (found == nodes->end()) {
            return noa::sdk::not_found(std::string(path) + ": not in the snapshot");
        }
        at = std::move(*found);
    }
    return at;
}

noa::sdk::Status walk_tree(BlobReader& reader, const Id& tree, const std::string& path,
                           const Visit& visit) {
    return Walk{reader, visit}.into(tree, path, 0);
}

noa::sdk::Result<std::vector<Difference>> compare_trees(BlobReader& reader, const Id& left,
                                                        const Id& right, std::size_t most) {
    Comparison comparison(reader, most);
    if (noa::sdk::Status done = comparison.compare(left, right, "/", 0); !done) {
        return done.error();
    }
    return std::move(comparison.found);
}

} // namespace backup
