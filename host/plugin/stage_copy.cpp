#include "plugin/stage_copy.hpp"

#include <unistd.h>

#include <cerrno>
#include <span>
#include <vector>

#include "base/digest.hpp"

namespace noa::plugin {

namespace {

constexpr std::size_t piece_size = std::size_t{256} * 1024;

bool is_same(const struct stat& before, const struct stat& now) noexcept {
    return before.st_size == now.st_size && before.st_mtim.tv_sec == now.st_mtim.tv_sec &&
           before.st_mtim.tv_nsec == now.st_mtim.tv_nsec;
}

Failure changed(const std::string& name) {
    return fail(Errc::busy, "stage plugin", name, "it changed while it was copied",
                "write it under another name, then rename it");
}

Result<void> write_all(int target, std::span<const std::byte> bytes, const std::string& name) {
    while (!bytes.empty()) {
        const ssize_t wrote = ::write(target, bytes.data(), bytes.size());
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0) {
            return fail_errno("stage plugin", name, errno, "make room in the state directory");
        }
        bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
    return {};
}

} // namespace

Result<Copied> copy_stable(const PluginFile& source, const std::string& name, int target,
                           const std::function<void(std::uint64_t)>& progress) {
    std::vector<std::byte> buffer(piece_size);
    Digest digest;
    Copied copied;
    while (true) {
        const ssize_t got =
            ::pread(source.fd.get(), buffer.data(), buffer.size(), static_cast<off_t>(copied.size));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno("stage plugin", name, errno);
        }
        if (got == 0) {
            break;
        }
        const auto piece = std::span(buffer).first(static_cast<std::size_t>(got));
        copied.size += piece.size();
        if (copied.size > source.size()) {
            return changed(name);
        }
        digest.add(piece);
        if (auto written = write_all(target, piece, name); !written) {
            return Failure(written.error());
        }
        if (progress) {
            progress(copied.size);
        }
    }
    struct stat now {};
    if (::fstat(source.fd.get(), &now) != 0) {
        return fail_errno("stage plugin", name, errno);
    }
    if (!is_same(source.status, now) || copied.size != source.size()) {
        return changed(name);
    }
    copied.digest = digest.hex();
    return copied;
}

} // namespace noa::plugin
