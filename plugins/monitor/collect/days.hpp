// Figures on the disk: a file of JSON lines for each day (UTC), `metrics-2026-11-26.jsonl`, and
// those of former days as `.jsonl.zst`. A line is one figure of one round:
//     {"at":1764144000000,"name":"noa_agent_up","type":"gauge","series":[[{"agent":"cache"},1]]}
// Bounded in days and in bytes; a line that is torn, or no line of ours, is passed over.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "series.hpp"

namespace monitor {

struct DayTerms {
    std::string folder;
    std::int64_t keep_days = 30;
    std::uint64_t max_bytes = 256U << 20U; // of all of them
};

// What was asked for of a figure; dates are unix time in ms.
struct HistoryQuery {
    std::string name;
    std::vector<Match> match;
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::int64_t step = 0; // 0: every point; else the last of each
    std::size_t most_points = 100'000;
    std::stop_token stop = {}; // what was found until then is not whole
};

struct History {
    std::string type; // empty: no file has that figure
    std::map<Labels, std::vector<std::pair<std::int64_t, double>>> series;
    bool whole = true; // false: there are more points than were wanted
};

// The lines of a round, for `append`.
[[nodiscard]] std::string day_lines(const SeriesRing& ring, std::int64_t unix_ms);

// One thread at a time: all of it waits for the disk.
class DayFiles {
public:
    explicit DayFiles(DayTerms terms) : terms_(std::move(terms)) {}

    // To the file of that day. With the first of a day, those of former days are compressed, and
    // what is too old or too much is removed, the oldest first. Errors  NOA_E_FAILED with the
    // system's word; NOA_E_TOO_LARGE when this day alone is too much.
    [[nodiscard]] noa::Status append(std::int64_t unix_ms, std::string_view lines);
    [[nodiscard]] noa::Result<History> read(const HistoryQuery& query) const;
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; } // after the last append

private:
    [[nodiscard]] noa::Status begin_day(const std::string& date);
    void tidy(std::int64_t unix_ms);

    DayTerms terms_;
    std::string date_; // of the file that is written to; empty: none was yet
    std::uint64_t bytes_ = 0;
};

} // namespace monitor
