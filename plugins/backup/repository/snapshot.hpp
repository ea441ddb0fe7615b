// The files in snapshots/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "id.hpp"
#include "timestamp.hpp"

namespace backup {

struct Snapshot {
    Id id; // of its file
    Timestamp time;
    std::optional<Id> parent;
    Id tree;
    std::vector<std::string> paths;
    std::string hostname;
    std::string username;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::string> excludes;
    std::vector<std::string> tags;
    std::optional<Id> original;

    [[nodiscard]] bool has_tag(std::string_view tag) const;
};

[[nodiscard]] std::string snapshot_json(const Snapshot& snapshot);
// `id` is not in it.
[[nodiscard]] noa::sdk::Result<Snapshot> parse_snapshot(std::string_view json);

} // namespace backup
