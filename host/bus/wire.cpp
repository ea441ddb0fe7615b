#include "bus/wire.hpp"

#include <algorithm>
#include <cstring>

#include "base/ids.hpp"
#include "base/names.hpp"

namespace noa::bus::wire {

namespace {

constexpr std::array<std::byte, 4> magic{std::byte{'N'}, std::byte{'O'}, std::byte{'A'},
                                         std::byte{'1'}};

// Offsets of the header.
constexpr std::size_t at_kind = 4;
constexpr std::size_t at_flags = 5;
constexpr std::size_t at_priority = 6;
constexpr std::size_t at_hops = 7;
constexpr std::size_t at_id = 8;
constexpr std::size_t at_correlation = 24;
constexpr std::size_t at_status = 40;
constexpr std::size_t at_timeout = 44;
constexpr std::size_t at_number = 48;
constexpr std::size_t at_lengths = 52;
constexpr std::size_t at_reserved = 57;

std::uint8_t load8(const std::byte* at) noexcept {
    return std::to_integer<std::uint8_t>(*at);
}

std::uint32_t load32(const std::byte* at) noexcept {
    return std::to_integer<std::uint32_t>(at[0]) | (std::to_integer<std::uint32_t>(at[1]) << 8U) |
           (std::to_integer<std::uint32_t>(at[2]) << 16U) |
           (std::to_integer<std::uint32_t>(at[3]) << 24U);
}

void store32(std::byte* at, std::uint32_t value) noexcept {
    for (unsigned i = 0; i < 4; ++i) {
        at[i] = static_cast<std::byte>(value >> (8 * i));
    }
}

bool is_printable(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void read_numbers(const std::byte* header, Message& out) noexcept {
    out.kind = load8(header + at_kind);
    out.flags = load8(header + at_flags);
    out.priority = load8(header + at_priority);
    out.hops = load8(header + at_hops);
    std::memcpy(out.id.bytes, header + at_id, sizeof out.id.bytes);
    std::memcpy(out.correlation.bytes, header + at_correlation, sizeof out.correlation.bytes);
    out.status = static_cast<std::int32_t>(load32(header + at_status));
    out.timeout_ms = load32(header + at_timeout);
    out.number = load32(header + at_number);
}

Fault check_numbers(const std::byte* header, const Message& message) noexcept {
    if (is_zero(message.id)) {
        return Fault::zero_id;
    }
    constexpr unsigned known = flag_no_reply | flag_redelivered | flag_want_receipt;
    if ((message.flags & ~known) != 0) {
        return Fault::flags;
    }
    if (message.priority > NOA_PRIORITY_LOW) {
        return Fault::priority;
    }
    if (std::any_of(header + at_reserved, header + header_bytes,
                    [](std::byte b) { return b != std::byte{0}; })) {
        return Fault::reserved;
    }
    return Fault::none;
}

// The strings, and what follows them in `rest`.
Fault read_strings(const std::byte* header, std::string_view& rest, Message& out) noexcept {
    struct Part {
        std::string_view* text;
        std::size_t limit;
    };
    const std::array<Part, 5> parts{{{&out.to, NOA_AGENT_NAME_MAX},
                                     {&out.from, NOA_AGENT_NAME_MAX},
                                     {&out.subject, NOA_SUBJECT_MAX},
                                     {&out.content_type, NOA_CONTENT_TYPE_MAX},
                                     {&out.traceparent, NOA_TRACEPARENT_MAX}}};
    const std::byte* length = header + at_lengths;
    for (const auto& part : parts) {
        const std::size_t size = load8(length++);
        if (size > part.limit || size > rest.size()) {
            return Fault::lengths;
        }
        *part.text = rest.substr(0, size);
        rest.remove_prefix(size);
    }
    if (!out.to.empty() && !is_agent_name(out.to)) {
        return Fault::name;
    }
    return is_printable(out.content_type) && is_printable(out.traceparent) ? Fault::none
                                                                           : Fault::text;
}

} // namespace

std::string_view explain(Fault fault) noexcept {
    switch (fault) {
    case Fault::none: return "nothing is wrong";
    case Fault::unreadable: return "not a message of this version";
    case Fault::zero_id: return "id: must not be zero";
    case Fault::flags: return "flags: unknown bits are set";
    case Fault::priority: return "priority: 0, 1 or 2";
    case Fault::reserved: return "reserved bytes (57 to 63): must be zero";
    case Fault::lengths: return "lengths of the strings: over their limit, or beyond the frame";
    case Fault::surplus: return "bytes between the strings and the second frame";
    case Fault::name: return "to: not an agent name";
    case Fault::text: return "content_type or traceparent: printable ASCII only";
    }
    return "malformed";
}

Fault decode(Bytes first, Bytes second, bool has_second, Message& out) noexcept {
    if (first.size() < header_bytes || !std::equal(magic.begin(), magic.end(), first.begin())) {
        return Fault::unreadable;
    }
    const std::byte* header = first.data();
    read_numbers(header, out);
    if (const auto fault = check_numbers(header, out); fault != Fault::none) {
        return fault;
    }
    std::string_view rest(reinterpret_cast<const char*>(header + header_bytes),
                          first.size() - header_bytes);
    if (const auto fault = read_strings(header, rest, out); fault != Fault::none) {
        return fault;
    }
    if (has_second) {
        out.body = {reinterpret_cast<const char*>(second.data()), second.size()};
        return rest.empty() ? Fault::none : Fault::surplus;
    }
    out.body = rest;
    return Fault::none;
}

void write_head(const Message& message, std::byte* out) noexcept {
    std::memcpy(out, magic.data(), magic.size());
    out[at_kind] = std::byte{message.kind};
    out[at_flags] = std::byte{message.flags};
    out[at_priority] = std::byte{message.priority};
    out[at_hops] = std::byte{message.hops};
    std::memcpy(out + at_id, message.id.bytes, sizeof message.id.bytes);
    std::memcpy(out + at_correlation, message.correlation.bytes, sizeof message.correlation.bytes);
    store32(out + at_status, static_cast<std::uint32_t>(message.status));
    store32(out + at_timeout, message.timeout_ms);
    store32(out + at_number, message.number);
    std::byte* length = out + at_lengths;
    std::memset(length, 0, header_bytes - at_lengths);
    std::byte* at = out + header_bytes;
    for (const auto& text :
         {message.to, message.from, message.subject, message.content_type, message.traceparent}) {
        *length++ = static_cast<std::byte>(text.size());
        if (!text.empty()) {
            std::memcpy(at, text.data(), text.size());
            at += text.size();
        }
    }
}

} // namespace noa::bus::wire
