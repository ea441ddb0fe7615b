#include "config/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "base/unique_fd.hpp"

namespace noa::config {

namespace {

constexpr std::size_t max_files = 1000;

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

bool is_toml_name(std::string_view name) {
    return name.ends_with(".toml") && !name.starts_with('.');
}

Result<std::vector<std::filesystem::path>> list_toml(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> out;
    const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(directory.c_str()), &::closedir);
    if (!opened) {
        if (errno == ENOENT) {
            return out;
        }
        return fail_errno("read directory", directory.string(), errno);
    }
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has this stream
    while (const auto* entry = ::readdir(opened.get())) {
        if (is_toml_name(entry->d_name)) {
            out.push_back(directory / entry->d_name);
        }
        if (out.size() > max_files) {
            return fail(Errc::invalid, "read directory", directory.string(),
                        "more than " + std::to_string(max_files) + " files");
        }
        errno = 0;
    }
    if (errno != 0) {
        return fail_errno("read directory", directory.string(), errno);
    }
    std::sort(out.begin(), out.end());
    return out;
}

} // namespace noa::config
