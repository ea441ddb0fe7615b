#include "system_error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace backup {

namespace {

std::string_view advice_for(int code) {
    switch (code) {
    case ENOSPC:
    case EDQUOT: return "; free space there";
    case EACCES:
    case EPERM: return "; look at its owner and mode";
    case EROFS: return "; it is mounted read-only";
    case EIO: return "; look at its disk, the log of the kernel has more";
    default: return "";
    }
}

noa_status status_for(int code) {
    switch (code) {
    case EACCES:
    case EPERM:
    case EROFS: return NOA_E_DENIED;
    case ENOENT: return NOA_E_NOT_FOUND;
    default: return NOA_E_FAILED;
    }
}

} // namespace

noa::sdk::Error system_error(std::string_view attempt, std::string_view path) {
    const int code = errno;
    std::string text = std::string(attempt) + " " + std::string(path) + ": " +
                       std::generic_category().message(code);
    text.append(advice_for(code));
    return {status_for(code), std::move(text)};
}

noa::sdk::Status sync_directory(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return system_error("open", path);
    }
    noa::sdk::Status synced;
    if (::fsync(fd) != 0) {
        synced = system_error("sync", path);
    }
    ::close(fd);
    return synced;
}

} // namespace backup
