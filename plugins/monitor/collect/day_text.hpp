// Lines of a day's file, compressed or not.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "days.hpp"

namespace monitor {

inline constexpr const char* plain_ending = ".jsonl";
inline constexpr const char* compressed_ending = ".jsonl.zst";
inline constexpr std::string_view line_begin = "{\"at\":";

// Each whole line, to the first that `take` does not want more after. A line of over 4 MiB is
// passed over; what ends in the middle, ends there. NOA_E_FAILED: it cannot be read.
[[nodiscard]] noa::Status each_line(const std::string& path, bool compressed,
                                    const std::function<bool(std::string_view)>& take);

// PATH.zst in the place of PATH, or nothing has changed.
[[nodiscard]] noa::Status compress_file(const std::string& path);

// What of a line, which is hostile, was asked for. False: there is no more room for a point.
[[nodiscard]] bool take_line(std::string_view line, const HistoryQuery& query, History& ret_history,
                             std::size_t& ret_points);

} // namespace monitor
