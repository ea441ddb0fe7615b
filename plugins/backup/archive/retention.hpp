// Which snapshots are kept, with restic's meaning of its --keep- options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../repository/snapshot.hpp"

namespace backup {

struct KeepRule {
    std::uint32_t last = 0;
    std::uint32_t hourly = 0; // one of each of so many hours that have any
    std::uint32_t daily = 0;
    std::uint32_t weekly = 0; // of ISO 8601
    std::uint32_t monthly = 0;
    std::uint32_t yearly = 0;
    std::int64_t within_s = 0; // before the newest; 0: no such rule
    std::vector<std::string> tags{};

    [[nodiscard]] bool empty() const noexcept;
};

struct KeepVerdict {
    Snapshot snapshot;
    std::vector<std::string> reasons; // empty: to be forgotten
};

// Snapshots of different hosts or paths do not count for each other. Newest first, group by group.
// A rule that is empty keeps all.
[[nodiscard]] std::vector<KeepVerdict> judge(const KeepRule& rule, std::vector<Snapshot> snapshots);

} // namespace backup
