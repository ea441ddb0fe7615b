// How a message lies in memory between its sender and its lane.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "noa/message.h"

namespace noa::bus {

class Endpoint;

// Fixed part of an accepted message; body, subject, content type and traceparent follow it in
// this order. Immutable once accepted, so that several inboxes may share one. What changes with
// each delivery (attempt, redelivered) is kept beside it.
struct Record {
    // Of `flags`, beside NOA_MESSAGE_*: an outside program that serves as `from` asks, so the
    // answer goes to the gateway and not to the agent's inbox. Agents do not see it.
    static constexpr std::uint8_t answer_outside = 0x80;

    noa_id id;
    noa_id correlation;  // of a reply or error: the request's id
    std::uint64_t token; // request: the asker's; reply: copied from the request; 0: none
    Endpoint* from;      // outlives every message
    std::int64_t sent_unix_ns;
    std::int64_t deadline_ns; // monotonic; 0: none
    std::uint32_t body_bytes;
    std::uint32_t total_bytes; // of the whole record, a multiple of 8
    std::int32_t status;
    std::uint16_t hops;
    std::uint8_t kind;
    std::uint8_t priority;
    std::uint8_t flags;
    std::uint8_t subject_bytes;
    std::uint8_t content_type_bytes;
    std::uint8_t traceparent_bytes;

    [[nodiscard]] const std::byte* body() const noexcept {
        return reinterpret_cast<const std::byte*>(this + 1);
    }
    [[nodiscard]] std::byte* body() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
    [[nodiscard]] std::string_view body_text() const noexcept {
        return {reinterpret_cast<const char*>(body()), body_bytes};
    }
    [[nodiscard]] std::string_view subject() const noexcept {
        return {reinterpret_cast<const char*>(body()) + body_bytes, subject_bytes};
    }
    [[nodiscard]] std::string_view content_type() const noexcept {
        return {subject().data() + subject_bytes, content_type_bytes};
    }
    [[nodiscard]] std::string_view traceparent() const noexcept {
        return {content_type().data() + content_type_bytes, traceparent_bytes};
    }
    [[nodiscard]] bool is_answer() const noexcept {
        return kind == NOA_MESSAGE_REPLY || kind == NOA_MESSAGE_ERROR;
    }
    [[nodiscard]] bool wants_answer() const noexcept {
        return kind == NOA_MESSAGE_REQUEST && (flags & NOA_MESSAGE_NO_REPLY) == 0;
    }
};

static_assert(sizeof(Record) == 88 && alignof(Record) == 8);

constexpr std::size_t max_record_strings =
    NOA_SUBJECT_MAX + NOA_CONTENT_TYPE_MAX + NOA_TRACEPARENT_MAX;
constexpr std::size_t inline_body_limit = 1024; // above it, a body travels alone, by reference

constexpr std::uint32_t record_bytes(std::size_t body, std::size_t strings) noexcept {
    return static_cast<std::uint32_t>((sizeof(Record) + body + strings + 7U) & ~std::size_t{7});
}

} // namespace noa::bus
