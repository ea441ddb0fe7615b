#include "tree.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <functional>

#include "go_quote.hpp"
#include "json_reader.hpp"

namespace backup {

namespace {

constexpr std::array<std::string_view, 8> kind_names{"file",    "dir",  "symlink", "dev",
                                                     "chardev", "fifo", "socket",  ""};

constexpr std::uint32_t go_dir = 1U << 31U;
constexpr std::uint32_t go_symlink = 1U << 27U;
constexpr std::uint32_t go_device = 1U << 26U;
constexpr std::uint32_t go_fifo = 1U << 25U;
constexpr std::uint32_t go_socket = 1U << 24U;
constexpr std::uint32_t go_setuid = 1U << 23U;
constexpr std::uint32_t go_setgid = 1U << 22U;
constexpr std::uint32_t go_chardev = 1U << 21U;
constexpr std::uint32_t go_sticky = 1U << 20U;

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = utf8_size(text);
        if (size == 0) {
            return false;
        }
        text.remove_prefix(size);
    }
    return true;
}

void append_number(std::string& out, std::string_view key, std::uint64_t value) {
    if (value != 0) {
        out.append(",\"").append(key).append("\":").append(std::to_string(value));
    }
}
void append_text(std::string& out, std::string_view key, std::string_view value) {
    if (!value.empty()) {
        out.append(",\"").append(key).append("\":");
        append_json_text(out, value);
    }
}
void append_time(std::string& out, std::string_view key, const Timestamp& value) {
    out.append(",\"").append(key).append("\":\"").append(value.text()).append("\"");
}

void append_xattrs(std::string& out, const std::vector<Xattr>& xattrs) {
    if (xattrs.empty()) {
        return;
    }
    out += ",\"extended_attributes\":[";
    for (const Xattr& xattr : xattrs) {
        out += &xattr == xattrs.data() ? "{\"name\":" : ",{\"name\":";
        append_json_text(out, xattr.name);
        out += ",\"value\":\"" + to_base64(xattr.value) + "\"}";
    }
    out += ']';
}

void append_content(std::string& out, const Node& node) {
    out += ",\"content\":";
    if (node.kind != NodeKind::file) {
        out += "null";
    } else {
        out += '[';
        for (const Id& id : node.content) {
            out += (&id == node.content.data() ? "\"" : ",\"") + id.hex() + "\"";
        }
        out += ']';
    }
    if (node.subtree) {
        out += ",\"subtree\":\"" + node.subtree->hex() + "\"";
    }
}

// Reads nodes; what it needs again and again is made once.
class NodeReader {
public:
    NodeReader(JsonReader& reader, Node& node) : reader_(reader), node_(node) {}

    bool read() {
        const bool read = reader_.object([this](std::string_view key) { return member(key); });
        return read && finish();
    }

private:
    bool member(std::string_view key) {
        for (const auto& [name, at] : {std::pair{"size", &node_.size},
                                       {"inode", &node_.inode},
                                       {"links", &node_.links},
                                       {"device", &node_.device},
                                       {"device_id", &node_.device_id}}) {
            if (key == name) {
                return reader_.number(*at);
            }
        }
        for (const auto& [name, at] :
             {std::pair{"mode", &node_.mode}, {"uid", &node_.uid}, {"gid", &node_.gid}}) {
            if (key == name) {
                return small(*at);
            }
        }
        for (const auto& [name, at] :
             {std::pair{"mtime", &node_.mtime}, {"atime", &node_.atime}, {"ctime", &node_.ctime}}) {
            if (key == name) {
                return time(*at);
            }
        }
        for (const auto& [name, at] : {std::pair{"name", &node_.name},
                                       {"type", &type_},
                                       {"user", &node_.user},
                                       {"group", &node_.group},
                                       {"linktarget", &node_.link_target},
                                       {"linktarget_raw", &raw_target_}}) {
            if (key == name) {
                return reader_.text(*at);
            }
        }
        return rest(key);
    }
    bool rest(std::string_view key) {
        if (key == "content") {
            return reader_.array([this] { return id(node_.content.emplace_back()); });
        }
        if (key == "subtree") {
            return reader_.null() || id(node_.subtree.emplace());
        }
        if (key == "extended_attributes") {
            return reader_.array([this] { return xattr(node_.xattrs.emplace_back()); });
        }
        return reader_.skip();
    }
    bool small(std::uint32_t& into) {
        std::uint64_t value = 0;
        const bool fits = reader_.number(value) && value <= UINT32_MAX;
        into = static_cast<std::uint32_t>(value);
        return fits;
    }
    bool time(Timestamp& into) {
        if (!reader_.text(scratch_)) {
            return false;
        }
        const auto parsed = Timestamp::parse(scratch_);
        into = parsed.value_or(Timestamp{});
        return parsed.has_value();
    }
    bool id(Id& into) { return reader_.text(scratch_) && from_hex(scratch_, into.bytes); }
    bool xattr(Xattr& into) {
        return reader_.object([&](std::string_view key) {
            if (key == "name") {
                return reader_.text(into.name);
            }
            if (key != "value") {
                return reader_.skip();
            }
            if (reader_.null()) {
                return true;
            }
            auto value = reader_.text(scratch_) ? from_base64(scratch_)
                                                : noa::sdk::Result<Bytes>(noa::sdk::invalid(""));
            if (value) {
                into.value = *std::move(value);
            }
            return value.has_value();
        });
    }
    bool finish() {
        const auto* const found = std::ranges::find(kind_names, type_);
        node_.kind = found == kind_names.end() ? NodeKind::other
                                               : static_cast<NodeKind>(found - kind_names.begin());
        if (!raw_target_.empty()) {
            if (auto target = from_base64(raw_target_)) {
                node_.link_target.assign(text_of(*target));
            }
        }
        auto name = go_unquote(node_.name);
        if (!name || name->empty() || *name == "." || *name == ".." ||
            name->find('/') != std::string::npos || name->find('\0') != std::string::npos) {
            return false;
        }
        node_.name = *std::move(name);
        return node_.kind != NodeKind::dir || node_.subtree.has_value();
    }

    JsonReader& reader_;
    Node& node_;
    std::string scratch_;
    std::string type_;
    std::string raw_target_;
};

} // namespace

std::string_view name_of(NodeKind kind) noexcept {
    return kind_names[static_cast<std::size_t>(kind)];
}

std::uint32_t go_mode_of(std::uint32_t st_mode) noexcept {
    std::uint32_t mode = st_mode & 0777U;
    mode |= (st_mode & S_ISUID) != 0 ? go_setuid : 0;
    mode |= (st_mode & S_ISGID) != 0 ? go_setgid : 0;
    mode |= (st_mode & S_ISVTX) != 0 ? go_sticky : 0;
    switch (st_mode & S_IFMT) {
    case S_IFDIR: return mode | go_dir;
    case S_IFLNK: return mode | go_symlink;
    case S_IFBLK: return mode | go_device;
    case S_IFCHR: return mode | go_device | go_chardev;
    case S_IFIFO: return mode | go_fifo;
    case S_IFSOCK: return mode | go_socket;
    default: return mode;
    }
}

std::uint32_t permissions_of(std::uint32_t go_mode) noexcept {
    std::uint32_t mode = go_mode & 0777U;
    mode |= (go_mode & go_setuid) != 0 ? S_ISUID : 0U;
    mode |= (go_mode & go_setgid) != 0 ? S_ISGID : 0U;
    mode |= (go_mode & go_sticky) != 0 ? S_ISVTX : 0U;
    return mode;
}

void append_node(std::string& out, const Node& node) {
    out += "{\"name\":";
    append_json_text(out, go_quote(node.name));
    out.append(",\"type\":\"").append(name_of(node.kind)).append("\"");
    append_number(out, "mode", node.mode);
    append_time(out, "mtime", node.mtime);
    append_time(out, "atime", node.atime);
    append_time(out, "ctime", node.ctime);
    out += ",\"uid\":" + std::to_string(node.uid) + ",\"gid\":" + std::to_string(node.gid);
    append_text(out, "user", node.user);
    append_text(out, "group", node.group);
    append_number(out, "inode", node.inode);
    append_number(out, "device_id", node.device_id);
    append_number(out, "size", node.size);
    append_number(out, "links", node.links);
    append_text(out, "linktarget", node.link_target);
    if (!is_utf8(node.link_target)) {
        out += ",\"linktarget_raw\":\"" + to_base64(view_of(node.link_target)) + "\"";
    }
    append_xattrs(out, node.xattrs);
    append_number(out, "device", node.device);
    append_content(out, node);
    out += '}';
}

std::string tree_json(const std::vector<std::string>& nodes) {
    std::size_t size = 16;
    for (const std::string& node : nodes) {
        size += node.size() + 1;
    }
    std::string out;
    out.reserve(size);
    out += "{\"nodes\":[";
    for (const std::string& node : nodes) {
        out.append(&node == nodes.data() ? "" : ",").append(node);
    }
    return out += "]}\n";
}

std::string tree_json(const std::vector<Node>& nodes) {
    std::vector<std::string> texts;
    for (const Node& node : nodes) {
        append_node(texts.emplace_back(), node);
    }
    return tree_json(texts);
}

noa::sdk::Result<std::vector<Node>> parse_tree(std::string_view json) {
    std::vector<Node> nodes;
    JsonReader reader(json);
    reader.object([&](std::string_view key) {
        return key == "nodes"
                   ? reader.array([&] { return NodeReader(reader, nodes.emplace_back()).read(); })
                   : reader.skip();
    });
    if (!reader.finished()) {
        return noa::sdk::invalid("tree: not as a tree is written");
    }
    std::ranges::sort(nodes, std::less<>(), &Node::name);
    const auto twice = std::ranges::adjacent_find(nodes, std::equal_to<>(), &Node::name);
    if (twice != nodes.end()) {
        return noa::sdk::invalid("tree: a name that is there twice");
    }
    return nodes;
}

} // namespace backup
