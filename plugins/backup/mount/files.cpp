#include "files.hpp"

#define FUSE_USE_VERSION 31
#include <fuse3/fuse.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <unordered_map>

namespace backup {

namespace {

constexpr double kept_seconds = 3600; // nothing changes
constexpr unsigned block_bytes = 512;

// What the calls work on; one thread makes them.
struct Served {
    SnapshotView& view;
    std::unordered_map<std::uint64_t, SnapshotView::File> open{}; // files, by their handles
    std::uint64_t handles = 0;
};
Served& served() {
    return *static_cast<Served*>(::fuse_get_context()->private_data);
}
SnapshotView& view() {
    return served().view;
}

// Names come from others: nothing of them may speak to a terminal.
std::string printable(std::string text) {
    std::ranges::replace_if(
        text, [](unsigned char letter) { return letter < 0x20 || letter == 0x7F; }, '?');
    return text;
}

int code_of(const char* path, const noa::sdk::Error& error) {
    if (error.status == NOA_E_NOT_FOUND) {
        return -ENOENT;
    }
    std::fprintf(stderr, "%s: %s\n", printable(path).c_str(), printable(error.text).c_str());
    return -EIO;
}

// No exception passes into the library.
template <class F>
int guarded(const char* path, F&& run) noexcept {
    try {
        return run();
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "%s: %s\n", path, failure.what());
        return -EIO;
    }
}

timespec time_of(const Timestamp& time) {
    return {static_cast<time_t>(time.seconds), static_cast<long>(time.nanoseconds)};
}

mode_t kind_of(NodeKind kind) {
    switch (kind) {
    case NodeKind::dir: return S_IFDIR;
    case NodeKind::symlink: return S_IFLNK;
    case NodeKind::dev: return S_IFBLK;
    case NodeKind::chardev: return S_IFCHR;
    case NodeKind::fifo: return S_IFIFO;
    case NodeKind::socket: return S_IFSOCK;
    case NodeKind::file:
    case NodeKind::other: break;
    }
    return S_IFREG;
}

int get_facts(const char* path, struct stat* into, fuse_file_info*) noexcept {
    return guarded(path, [&] {
        const auto node = view().find(path);
        if (!node) {
            return code_of(path, node.error());
        }
        *into = {};
        into->st_mode = kind_of(node->kind) | permissions_of(node->mode);
        into->st_nlink = static_cast<nlink_t>(std::max<std::uint64_t>(node->links, 1));
        into->st_uid = node->uid;
        into->st_gid = node->gid;
        into->st_rdev = node->device;
        into->st_size = static_cast<off_t>(
            node->kind == NodeKind::symlink ? node->link_target.size() : node->size);
        into->st_blocks = (into->st_size + block_bytes - 1) / block_bytes;
        into->st_atim = time_of(node->atime);
        into->st_mtim = time_of(node->mtime);
        into->st_ctim = time_of(node->ctime);
        return 0;
    });
}

int list_names(const char* path, void* into, fuse_fill_dir_t fill, off_t, fuse_file_info*,
               fuse_readdir_flags) noexcept {
    return guarded(path, [&] {
        const auto names = view().list(path);
        if (!names) {
            return code_of(path, names.error());
        }
        for (const char* name : {".", ".."}) {
            fill(into, name, nullptr, 0, fuse_fill_dir_flags{});
        }
        for (const std::string& name : *names) {
            fill(into, name.c_str(), nullptr, 0, fuse_fill_dir_flags{});
        }
        return 0;
    });
}

int read_link(const char* path, char* into, std::size_t size) noexcept {
    return guarded(path, [&] {
        const auto node = view().find(path);
        if (!node || node->kind != NodeKind::symlink || size == 0) {
            return node ? -EINVAL : code_of(path, node.error());
        }
        const std::size_t length = std::min(node->link_target.size(), size - 1);
        std::copy_n(node->link_target.begin(), length, into);
        into[length] = '\0';
        return 0;
    });
}

int open_file(const char* path, fuse_file_info* info) noexcept {
    return guarded(path, [&] {
        if ((info->flags & O_ACCMODE) != O_RDONLY) {
            return -EROFS;
        }
        auto file = served().view.open(path);
        if (!file) {
            return code_of(path, file.error());
        }
        info->fh = ++served().handles;
        served().open.emplace(info->fh, *std::move(file));
        info->keep_cache = 1;
        return 0;
    });
}

int read_file(const char* path, char* into, std::size_t size, off_t offset,
              fuse_file_info* info) noexcept {
    return guarded(path, [&] {
        const auto file = served().open.find(info->fh);
        if (file == served().open.end()) {
            return -EBADF;
        }
        const auto read =
            view().read(file->second, static_cast<std::uint64_t>(std::max<off_t>(offset, 0)),
                        {reinterpret_cast<std::uint8_t*>(into), size});
        return read ? static_cast<int>(*read) : code_of(path, read.error());
    });
}

int close_file(const char*, fuse_file_info* info) noexcept {
    served().open.erase(info->fh);
    return 0;
}

int list_attributes(const char* path, char* into, std::size_t size) noexcept {
    return guarded(path, [&] {
        const auto node = view().find(path);
        if (!node) {
            return code_of(path, node.error());
        }
        std::string names;
        for (const Xattr& xattr : node->xattrs) {
            names.append(xattr.name).push_back('\0');
        }
        if (size != 0 && names.size() > size) {
            return -ERANGE;
        }
        if (size != 0) {
            std::ranges::copy(names, into);
        }
        return static_cast<int>(names.size());
    });
}

int get_attribute(const char* path, const char* name, char* into, std::size_t size) noexcept {
    return guarded(path, [&] {
        const auto node = view().find(path);
        if (!node) {
            return code_of(path, node.error());
        }
        const auto found = std::ranges::find(node->xattrs, std::string_view(name), &Xattr::name);
        if (found == node->xattrs.end()) {
            return -ENODATA;
        }
        if (size != 0 && found->value.size() > size) {
            return -ERANGE;
        }
        if (size != 0) {
            std::ranges::copy(found->value, into);
        }
        return static_cast<int>(found->value.size());
    });
}

void* begin(fuse_conn_info*, fuse_config* config) noexcept {
    config->kernel_cache = 1;
    config->entry_timeout = config->attr_timeout = config->negative_timeout = kept_seconds;
    config->nullpath_ok = 0;
    return ::fuse_get_context()->private_data;
}

fuse_operations operations() {
    fuse_operations all{};
    all.getattr = get_facts;
    all.readlink = read_link;
    all.open = open_file;
    all.read = read_file;
    all.release = close_file;
    all.getxattr = get_attribute;
    all.listxattr = list_attributes;
    all.readdir = list_names;
    all.init = begin;
    return all;
}

// One, mounted; unmounted and gone with this.
class Mounted {
public:
    Mounted(SnapshotView& view, const std::string& directory)
        : served_{view}, operations_(operations()) {
        std::string options = "ro,nosuid,nodev,noexec,fsname=noa-backup,subtype=noa";
        std::string name = "noa-backup-mount";
        std::string flag = "-o";
        char* words[] = {name.data(), flag.data(), options.data(), nullptr};
        fuse_args args = FUSE_ARGS_INIT(3, words);
        fuse_ = ::fuse_new(&args, &operations_, sizeof operations_, &served_);
        ::fuse_opt_free_args(&args);
        mounted_ = fuse_ != nullptr && ::fuse_mount(fuse_, directory.c_str()) == 0;
    }
    Mounted(const Mounted&) = delete;
    Mounted& operator=(const Mounted&) = delete;
    ~Mounted() {
        if (mounted_) {
            ::fuse_unmount(fuse_);
        }
        if (fuse_ != nullptr) {
            ::fuse_destroy(fuse_);
        }
    }
    [[nodiscard]] explicit operator bool() const noexcept { return mounted_; }

    // Until a signal, or an unmount; 0: it went well.
    int serve() {
        fuse_session* session = ::fuse_get_session(fuse_);
        if (::fuse_set_signal_handlers(session) != 0) {
            return -1;
        }
        const sigset_t signals = ending_signals();
        ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
        const int code = ::fuse_loop(fuse_);
        ::fuse_remove_signal_handlers(session);
        return std::min(code, 0); // above 0: the signal
    }

private:
    Served served_;
    fuse_operations operations_;
    fuse* fuse_ = nullptr;
    bool mounted_ = false;
};

} // namespace

sigset_t ending_signals() noexcept {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        ::sigaddset(&signals, number);
    }
    return signals;
}

noa::sdk::Status serve_files(SnapshotView& view, const std::string& directory) {
    Mounted mounted(view, directory);
    if (!mounted) {
        return noa::sdk::failed("cannot mount at " + directory +
                                ": is it a directory, and is there a /dev/fuse?");
    }
    std::printf("mounted at %s; Ctrl-C, or umount, ends it\n", printable(directory).c_str());
    std::fflush(stdout);
    const int code = mounted.serve();
    return code == 0 ? noa::sdk::Status()
                     : noa::sdk::failed(directory + ": " + ::strerrordesc_np(-code));
}

} // namespace backup
