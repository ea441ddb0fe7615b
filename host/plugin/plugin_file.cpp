#include "plugin/plugin_file.hpp"

#include <fcntl.h>

#include <cerrno>

#include "plugin/text.hpp"

namespace noa::plugin {

namespace {

std::string_view kind_of(mode_t mode) noexcept {
    switch (mode & S_IFMT) {
    case S_IFDIR: return "a directory";
    case S_IFIFO: return "a fifo";
    case S_IFSOCK: return "a socket";
    case S_IFBLK:
    case S_IFCHR: return "a device";
    default: return "something else";
    }
}

Failure cannot_reach(const std::string& attempt, const std::string& path, int error_number) {
    struct stat link {};
    if (error_number == ENOENT && ::lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode)) {
        return fail(Errc::not_found, attempt, path,
                    "a symbolic link to a file that does not exist");
    }
    return fail_errno(attempt, path, error_number);
}

} // namespace

Result<PluginFile> open_plugin_file(const std::filesystem::path& path, const std::string& attempt) {
    const std::string name = path.string();
    const auto check_kind = [&](const struct stat& status) -> Result<void> {
        if (!S_ISREG(status.st_mode)) {
            return fail(Errc::refused, attempt, name,
                        differs("type", "a regular file", kind_of(status.st_mode)));
        }
        return {};
    };

    PluginFile file;
    if (::stat(name.c_str(), &file.status) != 0) {
        return cannot_reach(attempt, name, errno);
    }
    // Asked before open as well: opening a device can have effects of its own.
    if (auto kind = check_kind(file.status); !kind) {
        return Failure(kind.error());
    }
    file.fd = UniqueFd(::open(name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.fd) {
        return cannot_reach(attempt, name, errno);
    }
    if (::fstat(file.fd.get(), &file.status) != 0) {
        return fail_errno(attempt, name, errno);
    }
    if (auto kind = check_kind(file.status); !kind) {
        return Failure(kind.error());
    }
    if (file.size() > plugin_file_max) {
        return fail(Errc::refused, attempt, name,
                    differs("size", "at most " + std::to_string(plugin_file_max) + " bytes",
                            std::to_string(file.size())),
                    "strip it of its debug information");
    }
    return file;
}

} // namespace noa::plugin
