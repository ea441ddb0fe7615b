// The way from the server's thread to the bus, which is the lane's.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "noa/sdk/message.hpp"

namespace console {

struct Question {
    std::string agent;
    std::string operation;
    std::string body;
    std::string content_type;
    noa::Duration timeout = std::chrono::seconds(5);
    std::string traceparent = {}; // empty: of no trace
};

struct Answer {
    noa_status status = NOA_OK;
    std::string text; // why it failed
    std::string body;
    std::string content_type;
    std::chrono::milliseconds retry_after{0};
    std::string traceparent = {}; // of the span that gave it; empty: of none
};

class Bus {
public:
    Bus() = default;
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;
    virtual ~Bus() = default;

    // `then` is called once, on the server's thread, unless the generation ends first.
    // On the server's thread.
    virtual void ask(Question question, std::function<void(Answer)> then) = 0;
    // Whether events on `pattern` are wanted: one more, or one less. False: not a pattern, or over
    // a limit. On the server's thread.
    virtual void listen(const std::string& pattern, bool wanted) = 0;
};

} // namespace console
