// Talks to agents on behalf of somebody who is not one: the control socket, the gateway's
// tests, noa itself. The built-in agent `host` asks in its place.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "noa/message.h"

namespace noa::bus {

struct Reply {
    noa_status status = NOA_OK; // of an error reply: its code, `body` is its text
    std::string content_type;
    std::string body;
};

struct Event {
    noa_id id{};
    std::string subject;
    std::string from;
    std::string content_type;
    std::string body;
    std::int64_t sent_unix_ns = 0;
};

// Called on the lane of `host`: must not block. False ends the subscription.
using OnEvent = std::function<bool(const Event&)>;

class Subscription {
public:
    virtual ~Subscription() = default; // ends it; no call of OnEvent after that
};

class Caller {
public:
    virtual ~Caller() = default;

    // Blocks until the reply, the error or the time-out. Not accepted: an Error that says why,
    // with the depth of the inbox when it was full.  [any thread but a lane]
    // `traceparent`: the trace that it is part of; empty: none.
    [[nodiscard]] virtual Result<Reply> call(std::string_view agent, std::string_view operation,
                                             std::string_view body,
                                             std::chrono::milliseconds timeout,
                                             std::string_view traceparent) = 0;
    [[nodiscard]] Result<Reply> call(std::string_view agent, std::string_view operation,
                                     std::string_view body, std::chrono::milliseconds timeout) {
        return call(agent, operation, body, timeout, {});
    }
    // Fire and forget; NOA_OK means accepted.
    [[nodiscard]] virtual Result<void> send(std::string_view agent, std::string_view operation,
                                            std::string_view body) = 0;
    // The number of subscribers that accepted.
    [[nodiscard]] virtual Result<std::uint32_t> publish(std::string_view subject,
                                                        std::string_view body) = 0;
    [[nodiscard]] virtual Result<std::unique_ptr<Subscription>> subscribe(std::string_view pattern,
                                                                          OnEvent on_event) = 0;
};

} // namespace noa::bus
