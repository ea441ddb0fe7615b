// What SCAN, HSCAN and SSCAN have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "../call.hpp"

namespace cache::resp {

struct ScanWords {
    std::optional<std::string_view> pattern;
    std::int64_t count = 10;
    std::string type; // lower case; empty: any

    [[nodiscard]] bool covers(std::string_view name) const noexcept;
};

// Both tell the client of what they cannot make sense of.
std::optional<std::uint64_t> scan_cursor(Call& call, std::size_t at);
bool read_scan_words(Call& call, std::size_t from, bool with_type, ScanWords& words);

} // namespace cache::resp
