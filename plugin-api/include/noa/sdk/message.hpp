// Messages as an agent's functions see them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "noa/message.h"
#include "noa/sdk/buffer.hpp"
#include "noa/sdk/result.hpp"
#include "noa/sdk/text.hpp"

namespace noa::sdk {

// The host's monotonic clock: deadlines and timers are on it; it is not a date.
struct HostClock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<HostClock>;
    static constexpr bool is_steady = true;
};
using Time = HostClock::time_point;
using Duration = HostClock::duration;

enum class Priority : std::uint32_t {
    normal = NOA_PRIORITY_NORMAL,
    high = NOA_PRIORITY_HIGH,
    low = NOA_PRIORITY_LOW,
};

inline constexpr std::string_view json_content_type = "application/json";

// What a message carries: a view, for the length of the call that it is passed to; or a Buffer,
// which is empty afterwards if the message was accepted.
struct Body {
    std::string_view bytes;
    std::string_view content_type;
    Buffer* buffer = nullptr; // in place of bytes

    Body() = default;
    Body(std::string_view content, std::string_view type = {})
        : bytes(content), content_type(type) {}
    Body(const std::string& content) : bytes(content) {}
    Body(const char* content) : bytes(content) {}
    Body(Buffer&& content)
        : bytes(content.view()), content_type(content.content_type()), buffer(&content) {}

    // The message with it was accepted.
    void taken() const noexcept {
        if (buffer != nullptr) {
            buffer->taken();
        }
    }
};

// A body that was made for the occasion, by a codec for example, and owns its bytes.
struct OwnedBody {
    std::string bytes;
    std::string_view content_type; // of static life

    operator Body() const& { return {bytes, content_type}; }
};

// A message on loan. Views from it live until the function that received it returns.
class Message {
public:
    explicit Message(const noa_message& message) noexcept : message_(&message) {}

    [[nodiscard]] std::string_view body() const noexcept { return view(message_->body); }
    [[nodiscard]] std::string_view content_type() const noexcept {
        return view(message_->content_type);
    }
    [[nodiscard]] std::string_view from() const noexcept { return view(message_->from); }
    [[nodiscard]] std::string_view to() const noexcept { return view(message_->to); }
    [[nodiscard]] std::string_view subject() const noexcept { return view(message_->subject); }
    [[nodiscard]] std::string_view traceparent() const noexcept {
        return view(message_->traceparent);
    }
    [[nodiscard]] const noa_id& id() const noexcept { return message_->id; }
    [[nodiscard]] Priority priority() const noexcept {
        return static_cast<Priority>(message_->priority);
    }
    [[nodiscard]] bool has_deadline() const noexcept { return message_->deadline_ns != 0; }
    // REQUIRES: has_deadline().
    [[nodiscard]] Time deadline() const noexcept { return Time(Duration(message_->deadline_ns)); }
    [[nodiscard]] std::uint32_t hops() const noexcept { return message_->hops; }
    [[nodiscard]] std::uint32_t attempt() const noexcept { return message_->attempt; }
    // An earlier delivery was not settled: the work may have been done already.
    [[nodiscard]] bool redelivered() const noexcept {
        return (message_->flags & NOA_MESSAGE_REDELIVERED) != 0;
    }
    [[nodiscard]] const noa_message& raw() const noexcept { return *message_; }

private:
    const noa_message* message_;
};

// Somebody asks for an operation.
class Request : public Message {
public:
    using Message::Message;

    [[nodiscard]] std::string_view operation() const noexcept { return subject(); }
    [[nodiscard]] bool wants_reply() const noexcept {
        return (raw().flags & NOA_MESSAGE_NO_REPLY) == 0;
    }
};

// Somebody published.
class Event : public Message {
public:
    using Message::Message;
};

// How a request of one's own ended: with a body, or with an error.
class Reply {
public:
    Reply(noa_status status, const noa_message* message) noexcept
        : status_(status), message_(message) {}
    // Ended before it began: the host took the request not in.
    Reply(noa_status status, std::string_view text,
          std::chrono::milliseconds retry_after = {}) noexcept
        : status_(status), text_(text), retry_after_(retry_after) {}

    [[nodiscard]] bool ok() const noexcept { return status_ == NOA_OK; }
    [[nodiscard]] explicit operator bool() const noexcept { return ok(); }
    [[nodiscard]] noa_status status() const noexcept { return status_; }
    [[nodiscard]] std::string_view body() const noexcept {
        return ok() && message_ != nullptr ? view(message_->body) : std::string_view();
    }
    [[nodiscard]] std::string_view content_type() const noexcept {
        return ok() && message_ != nullptr ? view(message_->content_type) : std::string_view();
    }
    // How long the host says to wait before another attempt; 0: it does not.
    [[nodiscard]] std::chrono::milliseconds retry_after() const noexcept { return retry_after_; }
    // Null when the host had nothing but a status to say.
    [[nodiscard]] const noa_message* raw() const noexcept { return message_; }
    // Why it failed, in words.
    [[nodiscard]] std::string_view text() const noexcept {
        if (ok()) {
            return {};
        }
        if (message_ != nullptr && message_->body.size > 0) {
            return view(message_->body);
        }
        return text_.empty() ? name_of(status_) : text_;
    }
    // REQUIRES: not ok().
    [[nodiscard]] Error error() const { return {status_, std::string(text()), retry_after_}; }

private:
    noa_status status_;
    const noa_message* message_ = nullptr;
    std::string_view text_;
    std::chrono::milliseconds retry_after_{0};
};

} // namespace noa::sdk
