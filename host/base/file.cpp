#include "base/file.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "base/ids.hpp"
#include "base/unique_fd.hpp"

namespace noa {

namespace {

Failure not_regular(const std::filesystem::path& path) {
    return fail(Errc::invalid, "read file", path.string(), "not a regular file");
}

Result<std::string> read_all(int fd, const std::filesystem::path& path, std::size_t limit) {
    std::string out;
    while (true) {
        const auto used = out.size();
        out.resize(used + 16384);
        const auto got = ::read(fd, out.data() + used, out.size() - used);
        if (got < 0 && errno != EINTR) {
            return fail_errno("read file", path.string(), errno);
        }
        out.resize(used + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        if (got == 0) {
            return out;
        }
        if (out.size() > limit) {
            return fail(Errc::invalid, "read file", path.string(),
                        "larger than " + std::to_string(limit) + " bytes");
        }
    }
}

Result<void> write_all(int fd, std::string_view text, const std::filesystem::path& file,
                       std::string_view attempt) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written < 0 && errno != EINTR) {
            return fail_errno(std::string(attempt), file.string(), errno);
        }
        text.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(written, 0)));
    }
    return {};
}

Result<void> sync(int fd, const std::filesystem::path& file, std::string_view attempt) {
    return ::fsync(fd) == 0 ? Result<void>()
                            : fail_errno(std::string(attempt), file.string(), errno);
}

Result<void> sync_directory(const std::filesystem::path& directory, std::string_view attempt) {
    const UniqueFd fd(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return fd ? sync(fd.get(), directory, attempt)
              : fail_errno(std::string(attempt), directory.string(), errno);
}

} // namespace

Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit,
                              struct stat* info) {
    struct stat seen {};
    // Before it is opened, because opening alone may already do something to a device.
    if (::stat(path.c_str(), &seen) != 0) {
        return fail_errno("read file", path.string(), errno);
    }
    if (!S_ISREG(seen.st_mode)) {
        return not_regular(path);
    }
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!fd || ::fstat(fd.get(), &seen) != 0) {
        return fail_errno("read file", path.string(), errno);
    }
    if (!S_ISREG(seen.st_mode)) {
        return not_regular(path);
    }
    if (info != nullptr) {
        *info = seen;
    }
    return read_all(fd.get(), path, limit);
}

Result<void> replace_file(const std::filesystem::path& file, std::string_view text, Durable durable,
                          std::string_view attempt) {
    const auto temporary =
        file.parent_path() / ('.' + file.filename().string() + '.' + to_string(make_id()));
    const UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!fd) {
        return fail_errno(std::string(attempt), temporary.string(), errno);
    }
    auto done = write_all(fd.get(), text, temporary, attempt);
    if (done && durable == Durable::yes) {
        done = sync(fd.get(), temporary, attempt);
    }
    if (done && ::rename(temporary.c_str(), file.c_str()) != 0) {
        done = fail_errno(std::string(attempt), file.string(), errno);
    }
    if (!done) {
        ::unlink(temporary.c_str());
        return done;
    }
    return durable == Durable::yes ? sync_directory(file.parent_path(), attempt) : done;
}

std::uint64_t size_of_tree(const std::filesystem::path& directory, std::size_t most) noexcept {
    namespace fs = std::filesystem;
    std::uint64_t total = 0;
    std::error_code code;
    try {
        fs::recursive_directory_iterator at(directory, code);
        for (std::size_t seen = 0; !code && at != fs::end(at) && seen < most; ++seen) {
            struct stat status {};
            if (::lstat(at->path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
                total += static_cast<std::uint64_t>(status.st_size);
            }
            at.increment(code);
        }
    } catch (const std::exception&) { // it changed under our hands, or no memory
    }
    return total;
}

Room room_in(const std::filesystem::path& directory) noexcept {
    struct statvfs mount {};
    if (::statvfs(directory.c_str(), &mount) != 0) {
        return {};
    }
    return {std::uint64_t{mount.f_bavail} * mount.f_frsize, (mount.f_flag & ST_RDONLY) != 0};
}

} // namespace noa
