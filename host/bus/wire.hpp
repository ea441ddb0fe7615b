// The outside gateway's frames, version 1: plugin-api/wire/README.md says what they mean.
//
// Pure: bytes in, views out. Whatever comes in, decode reads nothing beyond what it was given.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "noa/message.h"

namespace noa::bus::wire {

enum class Kind : std::uint8_t {
    request = 1,
    reply = 2,
    error = 3,
    event = 4,
    subscribe = 16,
    unsubscribe = 17,
    publish = 18,
    serve = 19,
    leave = 20,
    ping = 21,
    pong = 22,
    ack = 23,
    retry = 24,
    credit = 25,
    accepted = 26,
    gap = 27,
};

constexpr std::uint8_t flag_no_reply = NOA_MESSAGE_NO_REPLY;
constexpr std::uint8_t flag_redelivered = NOA_MESSAGE_REDELIVERED;
constexpr std::uint8_t flag_want_receipt = 4;

constexpr std::size_t header_bytes = 64;
constexpr std::size_t max_strings =
    2 * NOA_AGENT_NAME_MAX + NOA_SUBJECT_MAX + NOA_CONTENT_TYPE_MAX + NOA_TRACEPARENT_MAX;

struct Message {
    std::uint8_t kind = 0;
    std::uint8_t flags = 0;
    std::uint8_t priority = 0;
    std::uint8_t hops = 0;
    noa_id id{};
    noa_id correlation{};
    std::int32_t status = 0;
    std::uint32_t timeout_ms = 0;
    std::uint32_t number = 0;
    std::string_view to;
    std::string_view from;
    std::string_view subject;
    std::string_view content_type;
    std::string_view traceparent;
    std::string_view body;

    [[nodiscard]] bool is(Kind wanted) const noexcept {
        return kind == static_cast<std::uint8_t>(wanted);
    }
};

// What is wrong with a message. Of all but `unreadable`, the id was read.
enum class Fault : std::uint8_t {
    none,
    unreadable, // too short for a header, or not of this version: nobody to answer
    zero_id,
    flags,
    priority,
    reserved,
    lengths,
    surplus, // bytes between the strings and a second frame
    name,    // `to` is no agent name
    text,    // content_type or traceparent with bytes that are not printable ASCII
};
[[nodiscard]] std::string_view explain(Fault fault) noexcept;

using Bytes = std::span<const std::byte>;

// Reads one message of one frame, or of two; `out` points into them. What a kind does not use is
// checked for form, not for absence.
[[nodiscard]] Fault decode(Bytes first, Bytes second, bool has_second, Message& out) noexcept;

// The head: header and strings. The caller has kept the strings to their limits.
[[nodiscard]] constexpr std::size_t head_bytes(const Message& message) noexcept {
    return header_bytes + message.to.size() + message.from.size() + message.subject.size() +
           message.content_type.size() + message.traceparent.size();
}
void write_head(const Message& message, std::byte* out) noexcept;

} // namespace noa::bus::wire
