// What the harness hands to a test: copies, good for as long as the test likes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "noa/noa.h"

namespace noa::testing {

// How a request that the test made was settled.
struct Answer {
    bool settled = false;
    noa_status status = NOA_OK;
    std::string body;
    std::string content_type;
    std::string text;                 // of an error
    std::uint32_t retry_after_ms = 0; // with NOA_E_RETRY

    [[nodiscard]] bool ok() const noexcept { return settled && status == NOA_OK; }
};

// What a lifecycle function answered.
struct Outcome {
    noa_status status = NOA_OK;
    std::string text;

    [[nodiscard]] explicit operator bool() const noexcept { return status == NOA_OK; }
};

// A request, a fire-and-forget or an event that the agent sent.
struct Sent {
    std::string to; // empty for an event
    std::string subject;
    std::string body;
    std::string content_type;
    std::string traceparent;
    std::uint32_t priority = NOA_PRIORITY_NORMAL;
    std::int64_t deadline_ns = 0;
    std::uint64_t tag = 0;              // of a request that waits for a reply
    std::int64_t cause_deadline_ns = 0; // of the message that it was made for
};

struct LogLine {
    std::uint32_t level = NOA_LOG_INFO;
    std::string event;
    std::string text;
};

struct SavedState {
    std::uint32_t schema = 0;
    std::string bytes;
};

// What a test lets another agent answer.
struct Scripted {
    noa_status status = NOA_OK;
    std::string body; // or the text of an error
    std::string content_type;
};

// A message with storage of its own.
struct OwnedMessage {
    std::uint32_t kind = NOA_MESSAGE_REQUEST;
    std::uint32_t flags = 0;
    std::uint32_t priority = NOA_PRIORITY_NORMAL;
    std::string from = "test";
    std::string to;
    std::string subject;
    std::string content_type;
    std::string traceparent;
    std::string body;
    std::int64_t deadline_ns = 0;
    std::uint32_t attempt = 1;
    noa_status status = NOA_OK;
    std::uint64_t number = 0; // becomes the id

    // Valid while this object is neither changed nor moved.
    [[nodiscard]] noa_message raw() const noexcept {
        const auto text = [](const std::string& from_text) {
            return noa_str{from_text.data(), from_text.size()};
        };
        noa_message message{};
        message.struct_size = sizeof message;
        message.kind = kind;
        message.flags = flags;
        message.priority = priority;
        for (unsigned at = 0; at < 8; ++at) {
            message.id.bytes[15 - at] = static_cast<std::uint8_t>(number >> (8U * at));
        }
        message.from = text(from);
        message.to = text(to);
        message.subject = text(subject);
        message.content_type = text(content_type);
        message.traceparent = text(traceparent);
        message.body = {body.data(), body.size()};
        message.deadline_ns = deadline_ns;
        message.hops = 1;
        message.attempt = attempt;
        message.status = status;
        return message;
    }
};

} // namespace noa::testing
