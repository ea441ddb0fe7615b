// A message on its way, from the moment it was handed over until it is settled.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "noa/sdk.hpp"

namespace communication {

// Milliseconds since 1970, UTC; 0: none.
using Millis = std::int64_t;
// Of a message in the store; they rise in the order in which messages were accepted.
using Seq = std::int64_t;

// As stored; never renumbered.
enum class State : std::uint8_t {
    queued = 0,  // waits for its first attempt
    failed = 1,  // the last attempt failed; another will follow
    acked = 2,   // the recipient took it
    dead = 3,    // given up: waits for somebody to replay it
    expired = 4, // its deadline passed first
    cancelled = 5,
};
inline constexpr std::string_view state_names[] = {"queued", "failed",  "acked",
                                                   "dead",   "expired", "cancelled"};
[[nodiscard]] constexpr std::string_view name_of(State state) noexcept {
    return state_names[static_cast<unsigned>(state)];
}
[[nodiscard]] constexpr bool is_open(State state) noexcept {
    return state == State::queued || state == State::failed;
}

// As stored; never renumbered.
enum class Kind : std::uint8_t {
    request = 0, // an operation of an agent
    event = 1,   // published on a subject
    webhook = 2, // posted to an endpoint
};
inline constexpr std::string_view kind_names[] = {"request", "event", "webhook"};
[[nodiscard]] constexpr std::string_view name_of(Kind kind) noexcept {
    return kind_names[static_cast<unsigned>(kind)];
}

// What a sender says of a message.
struct Terms {
    std::string id; // the sender's; empty: none
    std::string sender;
    std::string recipient; // agent, subject or endpoint
    std::string operation; // of a request
    std::string conversation;
    std::string content_type;
    std::string traceparent;
    std::string metadata; // a JSON object, as text; empty: none
    std::string flags;    // rules that it has fallen under, with commas between; empty: none
    Kind kind = Kind::request;
    noa::Priority priority = noa::Priority::normal;
    bool ordered = false;  // one of its conversation at a time
    bool envelope = false; // delivered with what is known of it around its body
    std::uint8_t hops = 0;
    std::uint32_t attempts = 0; // in all
    Millis due = 0;
    Millis deadline = 0;
    std::int64_t timeout_ms = 0; // of an attempt
};

struct Message {
    Terms terms;
    std::string body;
    Seq seq = 0;
    Millis created = 0;

    // What changes on the way.
    State state = State::queued;
    std::uint32_t made = 0;    // attempts
    bool recovered = false;    // an attempt that nobody wrote down may have been made
    bool at_rest = false;      // its body is in the store only
    bool settled = false;      // what is left of it where it waits is dropped
    bool holds_line = false;   // the one of its conversation that others wait for
    std::uint64_t turn = 0;    // of the attempt under way; 0: none
    std::uint64_t passage = 0; // through its recipient's breaker
    noa::sdk::Time accepted{}; // or recovered
    noa::sdk::Time begun{};    // the attempt under way
    noa::sdk::Time due{};      // the next attempt, where it is not at once
    noa::sdk::Time expires = noa::sdk::Time::max();
};
using MessagePtr = std::unique_ptr<Message>;

// What is written down of an attempt that failed. The last one of a message that was acked is in
// its Settlement.
struct Attempt {
    Seq seq = 0;
    std::uint32_t number = 0;
    Millis at = 0;
    std::int64_t duration_us = 0;
    std::int32_t status = 0;
    std::string text;
};

// What becomes of a message.
struct Settlement {
    Seq seq = 0;
    State state = State::acked;
    std::uint32_t made = 0;
    Millis at = 0;
    Millis due = 0;               // of the next attempt, or 0
    std::int64_t duration_us = 0; // of the last attempt
    std::string error;
};

} // namespace communication
