#include "view.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "../archive/excludes.hpp"
#include "../archive/tree_walk.hpp"

namespace backup {

namespace {

constexpr std::size_t shortest_name = 8;
constexpr std::size_t deepest_path = 2000;

// As the index has it.
std::uint64_t plain_size_of(const PackedBlob& blob) {
    const std::size_t stored = std::max<std::size_t>(blob.size, seal_overhead) - seal_overhead;
    return blob.plain_size != 0 ? blob.plain_size : stored;
}

Node directory_of(std::string name, const Timestamp& time) {
    Node node;
    node.name = std::move(name);
    node.kind = NodeKind::dir;
    node.mode = go_mode_of(S_IFDIR | 0555);
    node.mtime = node.ctime = node.atime = time;
    return node;
}

} // namespace

template <class T>
std::shared_ptr<const T> SnapshotView::Recent<T>::find(const Id& id) {
    const auto found = places.find(id);
    if (found == places.end()) {
        return nullptr;
    }
    all.splice(all.begin(), all, found->second);
    return found->second->value;
}

template <class T>
std::shared_ptr<const T> SnapshotView::Recent<T>::add(const Id& id, T value, std::size_t size) {
    all.push_front({id, std::shared_ptr<const T>(new T(std::move(value))), size});
    places[id] = all.begin();
    bytes += size;
    while (bytes > most && all.size() > 1) {
        bytes -= all.back().size;
        places.erase(all.back().id);
        all.pop_back();
    }
    return all.front().value;
}

noa::sdk::Result<SnapshotView> SnapshotView::of_all(Repository& repository,
                                                    const std::vector<Snapshot>& snapshots,
                                                    const ViewLimits& limits) {
    auto reader = BlobReader::make(repository);
    if (!reader) {
        return reader.error();
    }
    SnapshotView view(repository, *std::move(reader), limits);
    view.name_all(snapshots);
    return view;
}

noa::sdk::Result<SnapshotView>
SnapshotView::of_one(Repository& repository, const Snapshot& snapshot, const ViewLimits& limits) {
    auto reader = BlobReader::make(repository);
    if (!reader) {
        return reader.error();
    }
    SnapshotView view(repository, *std::move(reader), limits);
    view.only_ = snapshot.tree;
    return view;
}

void SnapshotView::name_all(const std::vector<Snapshot>& snapshots) {
    for (const Snapshot& snapshot : snapshots) {
        std::string name;
        for (std::size_t length = shortest_name; name.empty() || ids_.contains(name); ++length) {
            name = snapshot.id.hex().substr(0, length);
        }
        Node node = directory_of(name, snapshot.time);
        node.subtree = snapshot.tree;
        ids_.emplace(name, std::move(node));
        const auto link_from = [&](const std::string& date) {
            Node link = directory_of(date, snapshot.time);
            link.kind = NodeKind::symlink;
            link.mode = go_mode_of(S_IFLNK | 0777);
            link.link_target = "../ids/" + name;
            return link;
        };
        const std::string date = Timestamp{snapshot.time.seconds, 0}.text();
        std::string free = date;
        for (int number = 2; dates_.contains(free); ++number) {
            free = date + "-" + std::to_string(number);
        }
        dates_.emplace(free, link_from(free));
        dates_.insert_or_assign("latest", link_from("latest")); // they come oldest first
    }
}

noa::sdk::Result<std::shared_ptr<const SnapshotView::Tree>> SnapshotView::tree(const Id& id) {
    if (auto kept = trees_.find(id)) {
        return kept;
    }
    const auto text = reader_.read(id, BlobKind::tree);
    auto nodes = text ? parse_tree(text_of(*text)) : noa::sdk::Result<Tree>(text.error());
    if (!nodes) {
        return nodes.error();
    }
    return trees_.add(id, *std::move(nodes), text->size());
}

noa::sdk::Result<std::shared_ptr<const Bytes>> SnapshotView::blob(const Id& id) {
    if (auto kept = blobs_.find(id)) {
        return kept;
    }
    auto bytes = reader_.read(id, BlobKind::data);
    if (!bytes) {
        return bytes.error();
    }
    const std::size_t size = bytes->size();
    return blobs_.add(id, *std::move(bytes), size);
}

noa::sdk::Result<Node> SnapshotView::find_in(const Id& top, std::span<const std::string> parts) {
    Node at = directory_of("", {});
    at.subtree = top;
    if (parts.size() > deepest_path) {
        return noa::sdk::invalid("nested too deep");
    }
    for (const std::string& part : parts) {
        if (!at.subtree) {
            return noa::sdk::not_found(part + ": not in the snapshot");
        }
        const auto nodes = tree(*at.subtree);
        if (!nodes) {
            return nodes.error();
        }
        const auto found = std::ranges::lower_bound(**nodes, part, std::less<>(), &Node::name);
        if (found == (*nodes)->end() || found->name != part) {
            return noa::sdk::not_found(part + ": not in the snapshot");
        }
        at = *found;
    }
    return at;
}

noa::sdk::Result<Node> SnapshotView::find(std::string_view path) {
    const std::vector<std::string> parts = parts_of(path);
    if (only_) {
        return find_in(*only_, parts);
    }
    if (parts.empty()) {
        return directory_of("", {});
    }
    const bool by_date = parts[0] == "dates";
    if (!by_date && parts[0] != "ids") {
        return noa::sdk::not_found(parts[0] + ": there are ids and dates");
    }
    if (parts.size() == 1) {
        return directory_of(parts[0], {});
    }
    const std::map<std::string, Node>& named = by_date ? dates_ : ids_;
    const auto found = named.find(parts[1]);
    if (found == named.end() || (by_date && parts.size() > 2)) {
        return noa::sdk::not_found(parts[1] + ": there is no such snapshot");
    }
    return parts.size() == 2 ? found->second
                             : find_in(*found->second.subtree, std::span(parts).subspan(2));
}

noa::sdk::Result<SnapshotView::Names> SnapshotView::list(std::string_view path) {
    const std::vector<std::string> parts = parts_of(path);
    if (!only_ && parts.empty()) {
        return Names{"dates", "ids"};
    }
    Names names;
    if (!only_ && parts.size() == 1) {
        for (const auto& [name, node] : parts[0] == "dates" ? dates_ : ids_) {
            names.push_back(name);
        }
        return names;
    }
    const auto at = find(path);
    if (!at) {
        return at.error();
    }
    if (at->subtree) {
        const auto nodes = tree(*at->subtree);
        if (!nodes) {
            return nodes.error();
        }
        for (const Node& node : **nodes) {
            names.push_back(node.name);
        }
    }
    return names;
}

noa::sdk::Result<SnapshotView::File> SnapshotView::open(std::string_view path) {
    auto node = find(path);
    if (!node) {
        return node.error();
    }
    if (node->kind != NodeKind::file) {
        return noa::sdk::invalid("it is no file");
    }
    File file;
    file.content = std::move(node->content);
    std::uint64_t end = 0;
    for (const Id& id : file.content) {
        const auto location = repository_->find(id, BlobKind::data);
        if (!location) {
            return noa::sdk::failed("data " + id.short_hex() + ": in no index");
        }
        end += plain_size_of(location->blob);
        file.ends.push_back(end);
    }
    return file;
}

noa::sdk::Result<std::size_t> SnapshotView::read(const File& file, std::uint64_t offset,
                                                 std::span<std::uint8_t> into) {
    std::size_t filled = 0;
    while (filled < into.size() && offset + filled < file.size()) {
        const std::uint64_t at = offset + filled;
        const auto piece =
            static_cast<std::size_t>(std::ranges::upper_bound(file.ends, at) - file.ends.begin());
        const std::uint64_t begin = piece == 0 ? 0 : file.ends[piece - 1];
        const auto bytes = blob(file.content[piece]);
        if (!bytes) {
            return bytes.error();
        }
        if ((*bytes)->size() != file.ends[piece] - begin) {
            return noa::sdk::invalid("a piece is not as long as the index says");
        }
        const auto skipped = static_cast<std::size_t>(at - begin);
        const std::size_t size = std::min((*bytes)->size() - skipped, into.size() - filled);
        std::memcpy(into.data() + filled, (*bytes)->data() + skipped, size);
        filled += size;
    }
    return filled;
}

} // namespace backup
