// Copies of confirmed plugin files, to go back to: <directory>/<agent>/<digest>.so.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "plugin/facts.hpp"

namespace noa::supervise {

// [any thread]; of one agent, one at a time.
class KeptVersions {
public:
    explicit KeptVersions(std::filesystem::path directory) : directory_(std::move(directory)) {}

    // A second name for the staged copy, or a copy of it where that cannot be.
    [[nodiscard]] Result<void> keep(const std::string& agent, const plugin::StagedFile& file) const;
    // Removes every version of the agent that is not in `digests`; best effort.
    void prune(const std::string& agent, const std::vector<std::string>& digests) const noexcept;
    [[nodiscard]] std::filesystem::path path(const std::string& agent,
                                             const std::string& digest) const;

private:
    std::filesystem::path directory_;
};

} // namespace noa::supervise
