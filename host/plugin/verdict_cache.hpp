// Verdicts that survive the host, so that it starts without probing what it knows.
//
// One small JSON file each, under a name made of what the verdict depends on. Settings are in
// no file: only their digest, and that only as part of the name. Whatever cannot be read,
// parsed or written counts as not being there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "plugin/facts.hpp"

namespace noa::plugin {

class VerdictCache {
public:
    static constexpr std::size_t entries_max = 256;

    // An empty directory keeps nothing. Made (mode 0700) on the first store.
    explicit VerdictCache(std::filesystem::path directory);

    [[nodiscard]] static std::string key(std::string_view digest, std::string_view settings_json);

    [[nodiscard]] std::optional<ProbeFacts> find(const std::string& key) const;
    // Removes the oldest beyond entries_max.
    void store(const std::string& key, const ProbeFacts& facts) const;

private:
    std::filesystem::path directory_;
};

} // namespace noa::plugin
