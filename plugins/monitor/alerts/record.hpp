// Alerts and silences as JSON: for who asks, and on the disk, where they outlive a crash.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "alerts.hpp"

namespace monitor {

// What the wall clock says of moments of the clock that nobody sets.
struct WallClock {
    noa::Time now;
    std::int64_t unix_ms = 0;

    // 0 for a moment that was never.
    [[nodiscard]] std::int64_t unix_of(noa::Time then) const;
    [[nodiscard]] noa::Time time_of(std::int64_t then_unix_ms) const;
};

[[nodiscard]] noa::Json to_json(const Alert& alert, const WallClock& clock);
[[nodiscard]] noa::Json to_json(const Silence& silence, const WallClock& clock);
[[nodiscard]] noa::Json to_json(const Notice& notice, const WallClock& clock);

struct Record {
    std::vector<Alert> alerts;
    std::vector<Silence> silences;
    std::map<std::string, std::vector<Alert>> waiting; // by channel
};

using WaitingAlerts = std::map<std::string, std::vector<const Alert*>>;
[[nodiscard]] std::string write_record(const Alerts& alerts, const WaitingAlerts& waiting,
                                       const WallClock& clock);
// NOA_E_INVALID when it is not what write_record writes.
[[nodiscard]] noa::Result<Record> read_record(const std::string& text, const WallClock& clock);

// The whole file, on the disk when it returns: the former one or this one, never a part. Off the
// lane.
[[nodiscard]] noa::Status write_file(const std::string& path, const std::string& text);
// "" when there is none. NOA_E_TOO_LARGE when it is over `most` bytes.
[[nodiscard]] noa::Result<std::string> read_file(const std::string& path, std::size_t most);

} // namespace monitor
