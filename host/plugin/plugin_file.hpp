// Opening a plugin's file without being fooled by what else a name can stand for.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace noa::plugin {

inline constexpr std::uint64_t plugin_file_max = std::uint64_t{128} * 1024 * 1024;

struct PluginFile {
    UniqueFd fd; // read only
    struct stat status {};
    [[nodiscard]] std::uint64_t size() const noexcept {
        return static_cast<std::uint64_t>(status.st_size);
    }
};

// A regular file of at most plugin_file_max bytes. Never blocks on a fifo, never opens a device.
// `attempt` begins the error's text.
[[nodiscard]] Result<PluginFile> open_plugin_file(const std::filesystem::path& path,
                                                  const std::string& attempt);

} // namespace noa::plugin
