#include "file_maker.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "../repository/system_error.hpp"

namespace backup {

namespace {

constexpr const char* beside = ".noa-restore";

std::array<timespec, 2> times_of(const Node& node) {
    const auto time = [](const Timestamp& at) {
        return timespec{static_cast<time_t>(at.seconds), static_cast<long>(at.nanoseconds)};
    };
    return {time(node.atime), time(node.mtime)};
}

// Only root may give files away.
bool refused_owner() {
    return errno == EPERM && ::geteuid() != 0;
}

noa::sdk::Status write_all(int fd, View bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return system_error("write", path);
        }
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    return {};
}

// A temporary name in the folder, until it is renamed.
class Beside {
public:
    Beside(const Spot& spot, std::string name) : spot_(spot), name_(std::move(name)) {}
    Beside(const Beside&) = delete;
    Beside& operator=(const Beside&) = delete;
    ~Beside() {
        if (!name_.empty()) {
            ::unlinkat(spot_.folder->fd(), name_.c_str(), 0);
        }
    }
    noa::sdk::Status take_place() {
        if (::renameat(spot_.folder->fd(), name_.c_str(), spot_.folder->fd(), spot_.name.c_str()) !=
            0) {
            return system_error("put in place", spot_.path);
        }
        name_.clear();
        return {};
    }
    [[nodiscard]] const std::string& name() const { return name_; }

private:
    const Spot& spot_;
    std::string name_;
};

// Its own for each: several threads are at work in one folder.
std::string name_beside(const Spot& spot) {
    return (beside + ("-" + sha256(view_of(spot.name)).short_hex())).append(".tmp");
}

noa::sdk::Status check_written(int fd, const Node& node, const std::vector<std::size_t>& sizes,
                               const std::string& path) {
    Bytes bytes;
    off_t offset = 0;
    for (std::size_t at = 0; at < sizes.size(); ++at) {
        bytes.resize(sizes[at]);
        std::size_t filled = 0;
        while (filled < bytes.size()) {
            const ssize_t done = ::pread(fd, bytes.data() + filled, bytes.size() - filled,
                                         offset + static_cast<off_t>(filled));
            if (done <= 0) {
                return done < 0 ? system_error("read back", path)
                                : noa::sdk::failed(path + ": cut short on the disk");
            }
            filled += static_cast<std::size_t>(done);
        }
        if (sha256(bytes) != node.content[at]) {
            return noa::sdk::failed(path + ": not on the disk as it was written");
        }
        offset += static_cast<off_t>(sizes[at]);
    }
    return {};
}

} // namespace

noa::sdk::Status set_facts(int fd, const Node& node, const std::string& path) {
    if (::fchown(fd, node.uid, node.gid) != 0 && !refused_owner()) {
        return system_error("give its owner to", path);
    }
    if (::fchmod(fd, permissions_of(node.mode)) != 0) {
        return system_error("set the mode of", path);
    }
    for (const Xattr& xattr : node.xattrs) {
        if (::fsetxattr(fd, xattr.name.c_str(), xattr.value.data(), xattr.value.size(), 0) != 0 &&
            !refused_owner()) {
            return system_error("set " + xattr.name + " of", path);
        }
    }
    if (::futimens(fd, times_of(node).data()) != 0) {
        return system_error("set the times of", path);
    }
    return {};
}

noa::sdk::Status make_file(const Spot& spot, const Node& node, BlobReader& reader, bool read_back) {
    Beside temporary(spot, name_beside(spot));
    ::unlinkat(spot.folder->fd(), temporary.name().c_str(), 0);
    const UniqueFd fd(::openat(spot.folder->fd(), temporary.name().c_str(),
                               O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) {
        return system_error("make", spot.path);
    }
    std::uint64_t size = 0;
    std::vector<std::size_t> sizes;
    for (const Id& id : node.content) {
        const auto bytes = reader.read(id, BlobKind::data);
        if (!bytes) {
            return noa::sdk::Error{bytes.error().status, spot.path + ": " + bytes.error().text};
        }
        if (noa::sdk::Status written = write_all(fd.get(), *bytes, spot.path); !written) {
            return written;
        }
        size += bytes->size();
        if (read_back) {
            sizes.push_back(bytes->size());
        }
    }
    if (size != node.size) {
        return noa::sdk::invalid(spot.path + ": its parts are " + std::to_string(size) +
                                 " bytes, it was " + std::to_string(node.size));
    }
    noa::sdk::Status done = check_written(fd.get(), node, sizes, spot.path);
    if (done) {
        done = set_facts(fd.get(), node, spot.path);
    }
    return done ? temporary.take_place() : done;
}

Folder::~Folder() {
    if (node_) {
        if (noa::sdk::Status set = set_facts(fd_.get(), *node_, path_); !set) {
            progress_.fault(path_, std::move(set.error().text));
        }
    }
}

noa::sdk::Result<FolderPtr> make_folder(const Spot& spot, const Node& node, Progress& progress) {
    if (::mkdirat(spot.folder->fd(), spot.name.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_error("make", spot.path);
    }
    UniqueFd fd(::openat(spot.folder->fd(), spot.name.c_str(),
                         O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) {
        return system_error("open", spot.path);
    }
    FolderPtr folder(new Folder(std::move(fd), spot.path, progress));
    folder->become(node, spot.folder);
    return folder;
}

noa::sdk::Status make_special(const Spot& spot, const Node& node) {
    const int folder = spot.folder->fd();
    Beside temporary(spot, name_beside(spot));
    const char* name = temporary.name().c_str();
    ::unlinkat(folder, name, 0);
    int made = 0;
    switch (node.kind) {
    case NodeKind::symlink: made = ::symlinkat(node.link_target.c_str(), folder, name); break;
    case NodeKind::fifo: made = ::mkfifoat(folder, name, 0600); break;
    case NodeKind::dev: made = ::mknodat(folder, name, S_IFBLK | 0600, node.device); break;
    case NodeKind::chardev: made = ::mknodat(folder, name, S_IFCHR | 0600, node.device); break;
    default: return {};
    }
    if (made != 0) {
        return system_error("make", spot.path);
    }
    if (::fchownat(folder, name, node.uid, node.gid, AT_SYMLINK_NOFOLLOW) != 0 &&
        !refused_owner()) {
        return system_error("give its owner to", spot.path);
    }
    if (node.kind != NodeKind::symlink &&
        ::fchmodat(folder, name, permissions_of(node.mode), 0) != 0) {
        return system_error("set the mode of", spot.path);
    }
    if (::utimensat(folder, name, times_of(node).data(), AT_SYMLINK_NOFOLLOW) != 0) {
        return system_error("set the times of", spot.path);
    }
    return temporary.take_place();
}

noa::sdk::Status make_hard_link(const Spot& spot, const std::string& first) {
    Beside temporary(spot, name_beside(spot));
    ::unlinkat(spot.folder->fd(), temporary.name().c_str(), 0);
    if (::linkat(AT_FDCWD, first.c_str(), spot.folder->fd(), temporary.name().c_str(), 0) != 0) {
        return system_error("link", spot.path);
    }
    return temporary.take_place();
}

} // namespace backup
