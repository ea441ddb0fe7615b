// What a directory held: the blobs that snapshots are made of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "id.hpp"
#include "timestamp.hpp"

namespace backup {

enum class NodeKind : std::uint8_t { file, dir, symlink, dev, chardev, fifo, socket, other };

[[nodiscard]] std::string_view name_of(NodeKind kind) noexcept;

struct Xattr {
    std::string name;
    Bytes value;
    friend bool operator==(const Xattr&, const Xattr&) = default;
};

struct Node {
    std::string name; // any bytes but '/' and NUL
    NodeKind kind = NodeKind::file;
    std::uint32_t mode = 0; // as Go's os.FileMode has it
    Timestamp mtime;
    Timestamp atime;
    Timestamp ctime;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string user;
    std::string group;
    std::uint64_t inode = 0;
    std::uint64_t device_id = 0;
    std::uint64_t size = 0;
    std::uint64_t links = 0;
    std::string link_target; // any bytes
    std::vector<Xattr> xattrs;
    std::uint64_t device = 0;
    std::vector<Id> content;   // of a file
    std::optional<Id> subtree; // of a dir
};

// Of st_mode and back.
[[nodiscard]] std::uint32_t go_mode_of(std::uint32_t st_mode) noexcept;
[[nodiscard]] std::uint32_t permissions_of(std::uint32_t go_mode) noexcept; // 07777

void append_node(std::string& out, const Node& node);
// Of nodes that append_node wrote, sorted by name.
[[nodiscard]] std::string tree_json(const std::vector<std::string>& nodes);
[[nodiscard]] std::string tree_json(const std::vector<Node>& nodes);

// Names are checked: none is empty, ".", "..", or leads out of its directory; each is there once.
// Sorted by name.
[[nodiscard]] noa::sdk::Result<std::vector<Node>> parse_tree(std::string_view json);

} // namespace backup
