#include "local_store.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "system_error.hpp"

namespace backup {

namespace {

// Seen under its name only after it, and the directory that has the name, are on the disk.
class LocalFile final : public NewFile {
public:
    LocalFile(const LocalStore& store, std::string path, int fd)
        : store_(store), path_(std::move(path)), file_(fd) {}
    LocalFile(const LocalFile&) = delete;
    LocalFile& operator=(const LocalFile&) = delete;
    ~LocalFile() override {
        if (!path_.empty()) {
            ::unlink(path_.c_str());
        }
    }

    noa::sdk::Status append(View bytes) override {
        while (!bytes.empty()) {
            const ssize_t done = ::write(file_.fd(), bytes.data(), bytes.size());
            if (done < 0 && errno == EINTR) {
                continue;
            }
            if (done < 0) {
                return system_error("write", path_);
            }
            bytes = bytes.subspan(static_cast<std::size_t>(done));
        }
        return {};
    }
    noa::sdk::Status finish(const FileName& name) override {
        const std::string target = store_.path_of(name);
        if (::fdatasync(file_.fd()) != 0) {
            return system_error("sync", path_);
        }
        // A config that another host has just made is not replaced.
        if (name.kind == FileKind::config ? ::link(path_.c_str(), target.c_str()) != 0
                                          : ::rename(path_.c_str(), target.c_str()) != 0) {
            return system_error("give its name to", target);
        }
        if (name.kind != FileKind::config) {
            path_.clear();
        }
        return sync_directory(target.substr(0, target.rfind('/')));
    }

private:
    const LocalStore& store_;
    std::string path_; // empty once it has its name
    OpenFile file_;
};

noa::sdk::Status make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_error("make", path);
    }
    return {};
}

// Calls `found(name)` for each; false when the directory cannot be read.
template <class F>
bool each_name(const std::string& path, F found) {
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) {
        return false;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of its own
    while (const dirent* entry = ::readdir(directory)) {
        found(std::string_view(entry->d_name));
    }
    ::closedir(directory);
    return true;
}

} // namespace

OpenFile::~OpenFile() {
    ::close(fd_);
}

noa::sdk::Result<std::unique_ptr<LocalStore>> LocalStore::open(std::string directory) {
    struct stat found {};
    if (::stat((directory + "/config").c_str(), &found) != 0) {
        return errno == ENOENT ? noa::sdk::not_found(directory + ": there is no repository")
                               : system_error("look at", directory + "/config");
    }
    return std::unique_ptr<LocalStore>(new LocalStore(std::move(directory)));
}

noa::sdk::Result<std::unique_ptr<LocalStore>> LocalStore::create_new(std::string directory) {
    if (::access((directory + "/config").c_str(), F_OK) == 0) {
        return noa::sdk::Error{NOA_E_STATE, directory + ": there is a repository already"};
    }
    noa::sdk::Status made = make_directory(directory);
    for (const char* folder : {"data", "index", "keys", "locks", "snapshots", "tmp"}) {
        if (made) {
            made = make_directory(directory + "/" + folder);
        }
    }
    for (unsigned first = 0; made && first < 256; ++first) {
        const auto byte = static_cast<std::uint8_t>(first);
        made = make_directory(directory + "/data/" + to_hex({&byte, 1}));
    }
    for (const char* folder : {"/data", ""}) {
        if (made) {
            made = sync_directory(directory + folder);
        }
    }
    if (!made) {
        return made.error();
    }
    return std::unique_ptr<LocalStore>(new LocalStore(std::move(directory)));
}

std::string LocalStore::path_of(const FileName& name) const {
    std::string path = directory_ + "/" + std::string(folder_of(name.kind));
    if (name.kind == FileKind::config) {
        return path;
    }
    const std::string hex = name.id.hex();
    if (name.kind == FileKind::data) {
        path.append("/").append(hex, 0, 2);
    }
    return path.append("/").append(hex);
}

noa::sdk::Result<std::unique_ptr<NewFile>> LocalStore::create() {
    std::string path = directory_ + "/tmp/new-XXXXXX";
    int fd = ::mkostemp(path.data(), O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) { // restic makes none
        path = directory_ + "/tmp/new-XXXXXX";
        if (noa::sdk::Status made = make_directory(directory_ + "/tmp"); !made) {
            return made.error();
        }
        fd = ::mkostemp(path.data(), O_CLOEXEC);
    }
    if (fd < 0) {
        return system_error("make a file in", directory_ + "/tmp");
    }
    return std::unique_ptr<NewFile>(new LocalFile(*this, std::move(path), fd));
}

noa::sdk::Result<LocalStore::Shared> LocalStore::open_file(const FileName& name) {
    const std::lock_guard lock(mutex_);
    for (const Kept& kept : kept_) {
        if (kept.file && kept.name.kind == name.kind && kept.name.id == name.id) {
            return kept.file;
        }
    }
    const std::string path = path_of(name);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? noa::sdk::not_found(path + ": no such file")
                               : system_error("open", path);
    }
    Shared file(new OpenFile(fd));
    if (name.kind == FileKind::data) {
        kept_[next_++ % kept_.size()] = {name, file};
    }
    return file;
}

noa::sdk::Status LocalStore::read(const FileName& name, std::uint64_t offset,
                                  std::span<std::uint8_t> into) {
    const auto file = open_file(name);
    if (!file) {
        return file.error();
    }
    while (!into.empty()) {
        const ssize_t done =
            ::pread((*file)->fd(), into.data(), into.size(), static_cast<off_t>(offset));
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done < 0) {
            return system_error("read", path_of(name));
        }
        if (done == 0) {
            return noa::sdk::invalid(path_of(name) + ": cut short");
        }
        into = into.subspan(static_cast<std::size_t>(done));
        offset += static_cast<std::uint64_t>(done);
    }
    return {};
}

noa::sdk::Result<std::uint64_t> LocalStore::size(const FileName& name) {
    struct stat found {};
    const std::string path = path_of(name);
    if (::stat(path.c_str(), &found) != 0) {
        return errno == ENOENT ? noa::sdk::not_found(path + ": no such file")
                               : system_error("look at", path);
    }
    return static_cast<std::uint64_t>(found.st_size);
}

noa::sdk::Result<std::vector<StoredFile>> LocalStore::list(FileKind kind) {
    std::vector<StoredFile> files;
    const std::string folder = directory_ + "/" + std::string(folder_of(kind));
    const auto take = [&](const std::string& within) {
        return each_name(within, [&](std::string_view name) {
            struct stat found {};
            const auto id = Id::parse(name);
            if (id && ::stat((within + "/" + std::string(name)).c_str(), &found) == 0 &&
                S_ISREG(found.st_mode)) {
                files.push_back({*id, static_cast<std::uint64_t>(found.st_size)});
            }
        });
    };
    if (kind != FileKind::data) {
        if (!take(folder)) {
            return system_error("list", folder);
        }
        return files;
    }
    std::vector<std::string> parts;
    if (!each_name(folder, [&](std::string_view name) {
            if (std::uint8_t byte = 0; from_hex(name, {&byte, 1})) {
                parts.push_back(folder + "/" + std::string(name));
            }
        })) {
        return system_error("list", folder);
    }
    for (const std::string& part : parts) {
        if (!take(part)) {
            return system_error("list", part);
        }
    }
    return files;
}

noa::sdk::Status LocalStore::remove(const FileName& name) {
    const std::string path = path_of(name);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
        return system_error("remove", path);
    }
    if (name.kind == FileKind::data) {
        const std::lock_guard lock(mutex_);
        for (Kept& kept : kept_) {
            if (kept.name.id == name.id) {
                kept = {};
            }
        }
    }
    return {};
}

void LocalStore::sweep() noexcept {
    std::vector<std::string> names;
    each_name(directory_ + "/tmp", [&](std::string_view name) {
        if (name.starts_with("new-")) {
            names.emplace_back(name);
        }
    });
    for (const std::string& name : names) {
        ::unlink((directory_ + "/tmp/" + name).c_str());
    }
}

} // namespace backup
