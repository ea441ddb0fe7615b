#include "file_facts.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>

namespace backup {

namespace {

constexpr std::size_t most_names = 10'000; // of owners that are remembered

NodeKind kind_of(mode_t mode) {
    switch (mode & S_IFMT) {
    case S_IFREG: return NodeKind::file;
    case S_IFDIR: return NodeKind::dir;
    case S_IFLNK: return NodeKind::symlink;
    case S_IFBLK: return NodeKind::dev;
    case S_IFCHR: return NodeKind::chardev;
    case S_IFIFO: return NodeKind::fifo;
    case S_IFSOCK: return NodeKind::socket;
    default: return NodeKind::other;
    }
}

Timestamp time_of(const timespec& time) {
    return {time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec)};
}

std::vector<Xattr> xattrs_of(const std::string& path) {
    std::vector<Xattr> all;
    std::array<char, 4096> names{};
    const ssize_t size = ::llistxattr(path.c_str(), names.data(), names.size());
    for (ssize_t at = 0; at < size;) {
        const char* name = names.data() + at;
        at += static_cast<ssize_t>(std::strlen(name)) + 1;
        const ssize_t length = ::lgetxattr(path.c_str(), name, nullptr, 0);
        if (length < 0) {
            continue;
        }
        Xattr xattr{name, Bytes(static_cast<std::size_t>(length))};
        const ssize_t read =
            ::lgetxattr(path.c_str(), name, xattr.value.data(), xattr.value.size());
        if (read >= 0) {
            xattr.value.resize(static_cast<std::size_t>(read));
            all.push_back(std::move(xattr));
        }
    }
    return all;
}

template <class Find>
const std::string& remembered(std::map<std::uint32_t, std::string>& names, std::uint32_t id,
                              Find find) {
    auto at = names.find(id);
    if (at == names.end()) {
        if (names.size() == most_names) {
            names.clear();
        }
        at = names.emplace(id, find()).first;
    }
    return at->second;
}

} // namespace

const std::string& Owners::user(std::uint32_t uid) {
    return remembered(users_, uid, [uid]() -> std::string {
        passwd entry{};
        passwd* found = nullptr;
        std::array<char, 4096> room{};
        ::getpwuid_r(uid, &entry, room.data(), room.size(), &found);
        return found != nullptr ? found->pw_name : "";
    });
}

const std::string& Owners::group(std::uint32_t gid) {
    return remembered(groups_, gid, [gid]() -> std::string {
        struct group entry {};
        struct group* found = nullptr;
        std::array<char, 16'384> room{};
        ::getgrgid_r(gid, &entry, room.data(), room.size(), &found);
        return found != nullptr ? found->gr_name : "";
    });
}

Node node_of(const struct stat& found, const std::string& path, Owners& owners) {
    Node node;
    node.kind = kind_of(found.st_mode);
    node.mode = go_mode_of(found.st_mode);
    node.mtime = time_of(found.st_mtim);
    node.atime = node.mtime; // as restic does: who reads a file changes no backup
    node.ctime = time_of(found.st_ctim);
    node.uid = found.st_uid;
    node.gid = found.st_gid;
    node.user = owners.user(found.st_uid);
    node.group = owners.group(found.st_gid);
    node.inode = found.st_ino;
    node.device_id = found.st_dev;
    node.links = node.kind == NodeKind::dir ? 0 : found.st_nlink;
    if (node.kind == NodeKind::file) {
        node.size = static_cast<std::uint64_t>(found.st_size);
    }
    if (node.kind == NodeKind::dev || node.kind == NodeKind::chardev) {
        node.device = found.st_rdev;
    }
    if (node.kind == NodeKind::symlink) {
        std::array<char, PATH_MAX> target{};
        const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
        node.link_target.assign(target.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    }
    node.xattrs = xattrs_of(path);
    return node;
}

} // namespace backup
