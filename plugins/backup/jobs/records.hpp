// What happened last, across restarts.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "noa/sdk/json.hpp"

namespace backup {

struct PlanRecord {
    std::int64_t tried_s = 0;   // when it last began; 0: never
    std::int64_t success_s = 0; // when it last ended well
    std::int64_t drill_s = 0;
    std::string snapshot;
    std::string error;       // of the last run; empty: it went well
    std::string drill_error; // what an agent said of its state in the last drill
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("tried_s", &PlanRecord::tried_s),
                           noa::optional_field("success_s", &PlanRecord::success_s),
                           noa::optional_field("drill_s", &PlanRecord::drill_s),
                           noa::optional_field("snapshot", &PlanRecord::snapshot),
                           noa::optional_field("error", &PlanRecord::error),
                           noa::optional_field("drill_error", &PlanRecord::drill_error));
    }
};

struct RepositoryRecord {
    std::int64_t checked_s = 0; // data was read, and good
    std::uint32_t next_part = 0;
    std::string damage;     // found and not seen mended since
    std::string retire_key; // goes when another opens the repository
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("checked_s", &RepositoryRecord::checked_s),
                           noa::optional_field("next_part", &RepositoryRecord::next_part),
                           noa::optional_field("damage", &RepositoryRecord::damage),
                           noa::optional_field("retire_key", &RepositoryRecord::retire_key));
    }
};

struct Records {
    std::map<std::string, PlanRecord> plans;
    std::map<std::string, RepositoryRecord> repositories;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("plans", &Records::plans),
                           noa::optional_field("repositories", &Records::repositories));
    }

    // None yet where there is no file; one that is damaged is as good as none.
    [[nodiscard]] static Records load(const std::string& path);
    // Whole or not at all.
    [[nodiscard]] noa::sdk::Status save(const std::string& path) const;
};

// A file in the place of another, when it is on the disk.
[[nodiscard]] noa::sdk::Status replace_file(const std::string& path, std::string_view text);

} // namespace backup
