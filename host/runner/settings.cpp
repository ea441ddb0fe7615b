#include "settings.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/unique_fd.hpp"
#include "plugin/limits.hpp"

namespace noa::runner {

Result<std::string> read_settings(int fd) {
    const UniqueFd owner(fd);
    // A memory file is handed over as it was written: at its end.
    static_cast<void>(::lseek(fd, 0, SEEK_SET));
    std::string text;
    std::array<char, 16384> piece;
    while (true) {
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno("read settings", "descriptor " + std::to_string(fd), errno);
        }
        if (got == 0) {
            return text;
        }
        text.append(piece.data(), static_cast<std::size_t>(got));
        if (text.size() > plugin::settings_max) {
            return fail(Errc::invalid, "read settings", "descriptor " + std::to_string(fd),
                        "size: wanted at most " + std::to_string(plugin::settings_max) +
                            " bytes, found more");
        }
    }
}

} // namespace noa::runner
