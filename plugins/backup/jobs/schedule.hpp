// When a plan is due: calendar times in UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "noa/sdk/result.hpp"

namespace backup {

// "hourly", "hourly :15", "daily", "03:30", "mon 03:30", "every 6h".
class Schedule {
public:
    [[nodiscard]] static noa::sdk::Result<Schedule> parse(std::string_view text);

    // The first time after `last_s`, in seconds since 1970. A plan that should have run while the
    // host was off is due at once, once; so is one that never ran.
    [[nodiscard]] std::int64_t next_after(std::int64_t last_s) const noexcept;
    [[nodiscard]] bool due(std::optional<std::int64_t> last_s, std::int64_t now_s) const noexcept;

private:
    std::int64_t period_s_ = 0;
    std::int64_t offset_s_ = 0; // of the times within the periods since 1970
    bool from_last_ = false;    // a period after the last, whenever that was
};

} // namespace backup
