// Points in time as the format writes them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace backup {

struct Timestamp {
    std::int64_t seconds = 0; // since 1970, UTC
    std::uint32_t nanoseconds = 0;

    // NOLINTNEXTLINE(modernize-use-nullptr): it sees one in what the compiler makes of it
    friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
    // RFC 3339 in UTC with as many decimals as it takes; years beyond 0 to 9999 are cut to it.
    [[nodiscard]] std::string text() const;
    // With any offset.
    [[nodiscard]] static std::optional<Timestamp> parse(std::string_view text) noexcept;
    [[nodiscard]] static Timestamp now() noexcept;
};

} // namespace backup
