// Private copies of plugin files under the state directory.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"
#include "plugin/facts.hpp"

namespace noa::plugin {

// [any thread], several at a time.
class StageDir {
public:
    // Makes `directory` (mode 0700) when it is missing, checks that it is not on a noexec
    // mount, and removes what an earlier life of the host left there.
    [[nodiscard]] static Result<StageDir> open(const std::filesystem::path& directory);
    StageDir(StageDir&& other) noexcept;
    StageDir& operator=(StageDir&& other) noexcept;

    // Copies through one descriptor and hashes what was written; refuses a file that changed
    // while it was read (size or mtime) with Errc::busy, so that the caller waits for the next
    // hint. "<name>-<serial>-<first 12 digits of the digest>.so".
    [[nodiscard]] Result<StagedFile> stage(const std::filesystem::path& source,
                                           const std::string& name);

    // The digest of `source` without a copy.
    [[nodiscard]] static Result<std::string> digest(const std::filesystem::path& source);

    // Hashes the copy again: right before it is loaded.
    [[nodiscard]] static Result<void> verify(const StagedFile& file);

    // Never fails: what cannot be removed is removed by the next open().
    static void remove(const StagedFile& file) noexcept;

private:
    explicit StageDir(std::filesystem::path directory);
    std::filesystem::path directory_;
    std::atomic<std::uint64_t> serial_ = 0;
};

} // namespace noa::plugin
