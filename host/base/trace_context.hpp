// W3C Trace Context: which trace a message belongs to, and which span it comes from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace noa {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

struct TraceContext {
    TraceId trace{}; // never zero in what is parsed
    SpanId span{};   // the same
    bool sampled = false;
    friend bool operator==(const TraceContext&, const TraceContext&) = default;
};

// Nothing when it is none: then the trace begins anew, as the standard has it. Of a version to
// come, the part that this one knows.
[[nodiscard]] std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept;
// Whether what is parsed could be sampled: without a look at the rest of it.
[[nodiscard]] bool says_sampled(std::string_view traceparent) noexcept;
// As version 00 writes it: 55 bytes.
[[nodiscard]] std::string to_traceparent(const TraceContext& context);

// Lower case.
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);

} // namespace noa
