// Where documents may be put into files.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk.hpp"
#include "noa/sdk/sockets.hpp"

namespace config {

// Files below some directories. No link is followed below them, so that whoever may write there
// leads nowhere else.  [one thread at a time]
class Places {
public:
    // Absolute paths.
    explicit Places(std::vector<std::string> directories) : directories_(std::move(directories)) {}

    [[nodiscard]] bool has(std::string_view path) const { return !root_of(path).empty(); }
    // Of a regular file of at most `most` bytes; nothing where there is none.
    [[nodiscard]] noa::Result<std::optional<std::string>> read(const std::string& path,
                                                               std::size_t most) const;
    // Whole or not at all, and on the disk. A file that was there keeps its mode; else 0640.
    [[nodiscard]] noa::Status write(const std::string& path, std::string_view text) const;

private:
    [[nodiscard]] std::string_view root_of(std::string_view path) const;
    [[nodiscard]] noa::Result<noa::Fd> directory_of(const std::string& path) const;

    std::vector<std::string> directories_;
};

} // namespace config
