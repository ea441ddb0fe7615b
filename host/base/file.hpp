// Small files: reading what others may change, replace or fill at any time, and writing so that
// a reader sees the old text or the new one.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace noa {

// A regular file of at most `limit` bytes. Never blocks on a fifo, never opens a device.
// `info`, when given, is of the file that was read.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit,
                                            struct stat* info = nullptr);

enum class Durable : std::uint8_t {
    no,  // survives the end of the process
    yes, // and that of the machine: synchronised, with its directory
};

// Writes beside (a dot file) and renames; mode 0600. `attempt` names the purpose in errors.
[[nodiscard]] Result<void> replace_file(const std::filesystem::path& file, std::string_view text,
                                        Durable durable, std::string_view attempt);

// Bytes of the regular files below a directory, of at most `most` entries; links are not followed.
// What cannot be read counts nothing.
[[nodiscard]] std::uint64_t size_of_tree(const std::filesystem::path& directory,
                                         std::size_t most) noexcept;

// Where files are to be written.
struct Room {
    std::uint64_t free_bytes = 0; // for this user
    bool read_only = false;
};
// No room where nothing can be said.
[[nodiscard]] Room room_in(const std::filesystem::path& directory) noexcept;

} // namespace noa
