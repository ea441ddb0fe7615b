#include "places.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace config {

namespace {

constexpr mode_t mode_of_new = 0640;

noa::Error failed(std::string_view what, const std::string& path, int error) {
    const noa_status status = error == ENOENT                      ? NOA_E_NOT_FOUND
                              : error == EACCES || error == EPERM  ? NOA_E_DENIED
                              : error == ELOOP || error == ENOTDIR ? NOA_E_INVALID
                                                                   : NOA_E_UNAVAILABLE;
    std::string text(what);
    text.append(" ").append(path).append(": ").append(::strerrordesc_np(error));
    if (error == ELOOP) {
        text.append("; a link is not followed there");
    }
    return {status, std::move(text)};
}

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

noa::Status write_all(int fd, std::string_view text, const std::string& path) {
    while (!text.empty()) {
        const ssize_t put = ::write(fd, text.data(), text.size());
        if (put < 0 && errno != EINTR) {
            return failed("write", path, errno);
        }
        text.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
    }
    return ::fsync(fd) == 0 ? noa::Status() : noa::Status(failed("write", path, errno));
}

} // namespace

std::string_view Places::root_of(std::string_view path) const {
    std::string_view best;
    for (const std::string& one : directories_) {
        if (one.size() > best.size() && path.size() > one.size() && path.starts_with(one) &&
            path[one.size()] == '/') {
            best = one;
        }
    }
    return best;
}

noa::Result<noa::Fd> Places::directory_of(const std::string& path) const {
    const std::string root(root_of(path));
    if (root.empty()) {
        return noa::Error{NOA_E_DENIED,
                          path + ": not in a directory of the setting `files`: add it there"};
    }
    noa::Fd top(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!top) {
        return failed("open", root, errno);
    }
    const std::size_t last = path.rfind('/');
    if (last == root.size()) {
        return top;
    }
    const std::string below = path.substr(root.size() + 1, last - root.size() - 1);
    open_how how{};
    how.flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
    noa::Fd found(
        static_cast<int>(::syscall(SYS_openat2, top.get(), below.c_str(), &how, sizeof how)));
    return found ? noa::Result<noa::Fd>(std::move(found))
                 : failed("open", path.substr(0, last), errno);
}

noa::Result<std::optional<std::string>> Places::read(const std::string& path,
                                                     std::size_t most) const {
    const auto directory = directory_of(path);
    if (!directory) {
        return directory.error();
    }
    const noa::Fd file(::openat(directory->get(), name_of(path).c_str(),
                                O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) {
        return errno == ENOENT ? noa::Result<std::optional<std::string>>(std::nullopt)
                               : failed("read", path, errno);
    }
    struct stat facts {};
    if (::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return noa::invalid(path + ": not a regular file");
    }
    std::string text;
    std::array<char, 65536> part{};
    for (ssize_t got = 1; got > 0;) {
        got = ::read(file.get(), part.data(), part.size());
        if (got < 0) {
            return failed("read", path, errno);
        }
        text.append(part.data(), static_cast<std::size_t>(got));
        if (text.size() > most) {
            return noa::Error{NOA_E_TOO_LARGE,
                              path + ": larger than " + std::to_string(most) + " bytes"};
        }
    }
    return std::optional(std::move(text));
}

noa::Status Places::write(const std::string& path, std::string_view text) const {
    const auto directory = directory_of(path);
    if (!directory) {
        return directory.error();
    }
    const std::string name = name_of(path);
    const std::string draft = "." + name + ".noa";
    struct stat before {};
    const bool there = ::fstatat(directory->get(), name.c_str(), &before, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && !S_ISREG(before.st_mode)) {
        return noa::invalid(path + ": not a regular file");
    }
    ::unlinkat(directory->get(), draft.c_str(), 0); // of one that was killed
    const noa::Fd file(::openat(directory->get(), draft.c_str(),
                                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_of_new));
    if (!file) {
        return failed("write", path, errno);
    }
    noa::Status done = ::fchmod(file.get(), there ? before.st_mode & 0777U : mode_of_new) == 0
                           ? write_all(file.get(), text, path)
                           : noa::Status(failed("write", path, errno));
    if (done && (::renameat(directory->get(), draft.c_str(), directory->get(), name.c_str()) != 0 ||
                 ::fsync(directory->get()) != 0)) {
        done = failed("write", path, errno);
    }
    if (!done) {
        ::unlinkat(directory->get(), draft.c_str(), 0);
    }
    return done;
}

} // namespace config
