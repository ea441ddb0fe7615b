#include "link/sealed.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace noa::link {

namespace {

constexpr int body_seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

Failure cannot(int error_number) {
    return fail_errno("pass a large body", "sealed memory", error_number);
}

} // namespace

Result<UniqueFd> seal(std::string_view bytes) {
    UniqueFd fd(::memfd_create("noa-body", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) {
        return cannot(errno);
    }
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(fd.get(), bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote <= 0) {
            return cannot(wrote < 0 ? errno : ENOSPC);
        }
        bytes.remove_prefix(static_cast<std::size_t>(wrote));
    }
    if (::fcntl(fd.get(), F_ADD_SEALS, body_seals) != 0) {
        return cannot(errno);
    }
    return fd;
}

bool is_sealed(int fd, std::uint64_t size) noexcept {
    struct stat status {};
    const int found = ::fcntl(fd, F_GET_SEALS);
    return found >= 0 && (found & body_seals) == body_seals && ::fstat(fd, &status) == 0 &&
           static_cast<std::uint64_t>(status.st_size) == size;
}

bool read_sealed(int fd, void* out, std::uint64_t size) noexcept {
    auto* at = static_cast<char*>(out);
    std::uint64_t done = 0;
    while (done < size) {
        const ssize_t got = ::pread(fd, at + done, size - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            return false;
        }
        done += static_cast<std::uint64_t>(got);
    }
    return true;
}

SealedView::~SealedView() {
    if (data_ != nullptr) {
        ::munmap(data_, size_);
    }
}

Result<SealedView> SealedView::open(int fd) {
    struct stat status {};
    const auto size = ::fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
    if (size == 0 || !is_sealed(fd, size)) {
        return fail(Errc::invalid, "take a large body", "sealed memory", "it is not sealed");
    }
    SealedView view;
    void* data = ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED) {
        return cannot(errno);
    }
    view.data_ = data;
    view.size_ = static_cast<std::size_t>(size);
    return view;
}

} // namespace noa::link
