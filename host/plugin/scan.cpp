#include "plugin/scan.hpp"

#include <unistd.h>

#include <cerrno>
#include <vector>

#include "plugin/plugin_file.hpp"
#include "plugin/scan_bytes.hpp"
#include "plugin/text.hpp"

namespace noa::plugin {

namespace {

std::string octal(mode_t mode) {
    std::string digits;
    for (unsigned shift = 12; shift > 0;) {
        shift -= 3;
        digits += static_cast<char>('0' + ((mode >> shift) & 7U));
    }
    return digits;
}

Result<void> check_status(const std::string& file, const std::string& what,
                          const struct stat& status) {
    const uid_t self = ::geteuid();
    if (status.st_uid != 0 && status.st_uid != self) {
        return fail(Errc::denied, "scan plugin", file,
                    differs("owner of " + what, self == 0 ? "0" : "0 or " + std::to_string(self),
                            std::to_string(status.st_uid)),
                    "who owns it could exchange the plugin: chown it");
    }
    if ((status.st_mode & S_IWOTH) != 0) {
        return fail(Errc::denied, "scan plugin", file,
                    differs("mode of " + what, "not writable by everyone", octal(status.st_mode)),
                    "chmod o-w " + what);
    }
    return {};
}

Result<void> check_directory(const std::string& file, const std::filesystem::path& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) {
        return fail_errno("scan plugin", directory.string(), errno);
    }
    return check_status(file, directory.string(), status);
}

Result<void> check_owner(const PluginFile& opened, const std::filesystem::path& file) {
    if (auto checked = check_status(file.string(), file.string(), opened.status); !checked) {
        return checked;
    }
    // The link's directory decides what the name means, the target's what the file holds.
    std::error_code code;
    const auto named = std::filesystem::absolute(file, code).parent_path();
    const auto real = std::filesystem::canonical(file, code).parent_path();
    if (code) {
        return fail_errno("scan plugin", file.string(), code.value());
    }
    if (auto checked = check_directory(file.string(), named); !checked || real == named) {
        return checked;
    }
    return check_directory(file.string(), real);
}

Result<std::vector<std::byte>> read_all(const PluginFile& opened, const std::string& name) {
    std::vector<std::byte> bytes(opened.size());
    std::size_t got = 0;
    while (got < bytes.size()) {
        const ssize_t piece = ::pread(opened.fd.get(), bytes.data() + got, bytes.size() - got,
                                      static_cast<off_t>(got));
        if (piece < 0 && errno == EINTR) {
            continue;
        }
        if (piece < 0) {
            return fail_errno("scan plugin", name, errno);
        }
        if (piece == 0) {
            return fail(Errc::busy, "scan plugin", name,
                        differs("size", std::to_string(bytes.size()) + " bytes",
                                std::to_string(got) + ": it shrank while it was read"));
        }
        got += static_cast<std::size_t>(piece);
    }
    return bytes;
}

} // namespace

Result<void> check_owner(const std::filesystem::path& file) {
    const auto opened = open_plugin_file(file, "scan plugin");
    if (!opened) {
        return Failure(opened.error());
    }
    return check_owner(*opened, file);
}

Result<ScanFacts> scan(const std::filesystem::path& file, const ScanOptions& options) {
    const auto opened = open_plugin_file(file, "scan plugin");
    if (!opened) {
        return Failure(opened.error());
    }
    if (options.check_owner) {
        if (auto checked = check_owner(*opened, file); !checked) {
            return Failure(checked.error());
        }
    }
    const auto bytes = read_all(*opened, file.string());
    if (!bytes) {
        return Failure(bytes.error());
    }
    return scan_bytes(*bytes, file.string(), options);
}

} // namespace noa::plugin
