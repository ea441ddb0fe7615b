// A client of noa's outside gateway, in as little code as a fast one needs; the format is
// plugin-api/wire/README.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "raw/socket.hpp"

namespace noa::bench {

struct WireHeader {
    char magic[4];
    std::uint8_t kind;
    std::uint8_t flags;
    std::uint8_t priority;
    std::uint8_t hops;
    std::uint64_t id[2];
    std::uint64_t correlation[2];
    std::int32_t status;
    std::uint32_t timeout_ms;
    std::uint32_t number;
    std::uint8_t to_len;
    std::uint8_t from_len;
    std::uint8_t subject_len;
    std::uint8_t content_type_len;
    std::uint8_t traceparent_len;
    std::uint8_t reserved[7];
};
static_assert(sizeof(WireHeader) == 64);

constexpr std::uint8_t wire_request = 1;
constexpr std::uint8_t wire_reply = 2;
constexpr std::uint8_t wire_error = 3;
constexpr std::uint8_t wire_event = 4;
constexpr std::uint8_t wire_subscribe = 16;
constexpr std::uint8_t wire_publish = 18;
constexpr std::uint8_t wire_serve = 19;
constexpr std::uint8_t wire_ping = 21;
constexpr std::uint8_t wire_accepted = 26;
constexpr std::uint8_t wire_no_reply = 1;
constexpr std::uint8_t wire_want_receipt = 4;

struct WireMessage {
    WireHeader header{};
    std::string_view body; // in the client's frame: until the next receive
};

// One thread's.
class WireClient {
public:
    [[nodiscard]] static Result<WireClient> connect(const std::string& runtime_dir);

    struct Outgoing {
        std::uint8_t kind = wire_request;
        std::uint8_t flags = 0;
        std::string_view to;
        std::string_view subject;
        std::string_view body;
        std::uint32_t timeout_ms = 0;
        std::uint32_t number = 0;
        const WireHeader* settles = nullptr; // the delivery that this answers
    };
    // The id of what was sent, in its second half.
    [[nodiscard]] Result<std::uint64_t> send(const Outgoing& message);

    // False when there is none: at once with ZMQ_DONTWAIT, else after `timeout`.
    [[nodiscard]] Result<bool> receive(WireMessage& message, int flags = 0);
    void set_timeout(std::chrono::milliseconds timeout);

    // Sends and waits for what answers it; an error is an Error, busy when the inbox was full.
    [[nodiscard]] Result<std::string> call(const Outgoing& message);
    // The answer to `id`; answers to others are kept.
    [[nodiscard]] Result<std::string> answer_to(std::uint64_t id);

private:
    WireClient() = default;
    struct Kept {
        std::uint64_t id = 0;
        Result<std::string> answer;
    };
    ZmqContext context_;
    ZmqSocket socket_; // after the context, which waits for it
    std::unique_ptr<Frame> frame_;
    std::unique_ptr<Frame> second_;
    std::uint64_t last_id_ = 0;
    std::deque<Kept> kept_;
};

} // namespace noa::bench
