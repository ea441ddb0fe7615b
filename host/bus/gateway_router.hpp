// The gateway's ROUTER socket, and the guard at its door. [gateway thread]
//
// Sleep    one poll() on the descriptors of the ROUTER, of the inbox and of the monitor:
//          zmq_poll alone would cost 3 µs of every round trip (measured). A descriptor tells
//          of news once only, so nothing sleeps before each socket was found empty.
// Door     libzmq aborts the process when accept() finds no descriptor left. Connections are
//          counted through the socket's monitor, and those over the limit are shut down. The
//          monitor's queue is bounded: with 1,001 events unread libzmq accepts nobody, so that
//          many descriptors beyond the limit are enough for any flood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <zmq.h>

#include "base/result.hpp"
#include "bus/block.hpp"
#include "bus/gateway_counters.hpp"
#include "bus/inbox.hpp"
#include "bus/wire.hpp"

namespace noa::bus {

struct Peer;

enum class Sent : std::uint8_t {
    ok,
    full, // the peer does not read
    gone, // there is no such peer any more
};

struct RouterLimits {
    std::uint64_t max_message = 0;   // bytes of a body
    int max_queued = 0;              // messages that wait for one peer
    std::uint64_t max_bytes_out = 0; // of large bodies that wait for one peer
    std::size_t max_connections = 0;
};

class Router {
public:
    Router() = default;
    ~Router() { close(); }
    Router(const Router&) = delete;
    Router& operator=(const Router&) = delete;

    // `socket_path`: an ipc endpoint, the first one bound; mode 0660.
    [[nodiscard]] Result<void> open(void* context, const std::string& socket_path,
                                    const std::vector<std::string>& more_endpoints,
                                    const RouterLimits& limits, GatewayCounters& counters);
    void close() noexcept;

    // The next message, false when there is none. Valid until the next call.
    [[nodiscard]] bool receive() noexcept;
    [[nodiscard]] std::string_view sender() const noexcept;
    [[nodiscard]] wire::Bytes first() const noexcept { return bytes_of(first_); }
    [[nodiscard]] wire::Bytes second() const noexcept { return bytes_of(second_); }
    [[nodiscard]] std::size_t frames() const noexcept { return frames_; } // 3: too many

    // Never blocks. `body`: what holds message.body, so that a large one need not be copied;
    // null: it is copied.
    [[nodiscard]] Sent send(Peer& peer, const wire::Message& message, Block* body = nullptr);
    // The same message to many: made once.
    void prepare(const wire::Message& message, Block* body);
    [[nodiscard]] Sent send_prepared(Peer& peer);
    void end_prepared() noexcept;
    // The peer's large bodies that wait, and this one, would be too many bytes.
    [[nodiscard]] bool too_much(const Peer& peer, std::size_t bytes) const noexcept;

    // Sleeps until the ROUTER, the monitor, or `inbox` have something. The caller has found the
    // ROUTER empty after its last send.
    void sleep(const Inbox& inbox) noexcept;
    // The inbox is going to be read: its descriptor tells nothing until it is found empty.
    void disarm_inbox() noexcept { inbox_armed_ = false; }
    void watch_door() noexcept;

private:
    static wire::Bytes bytes_of(const zmq_msg_t& message) noexcept;
    [[nodiscard]] Result<void> bind(const std::string& endpoint);
    [[nodiscard]] Result<void> bind_file();
    [[nodiscard]] Result<void> open_monitor(void* context);
    void enter(int fd) noexcept;
    [[nodiscard]] bool arm_inbox(const Inbox& inbox) noexcept;
    [[nodiscard]] Sent send_frames(const Peer& peer, zmq_msg_t& head, zmq_msg_t* body) noexcept;
    [[nodiscard]] Sent send_with(Peer& peer, zmq_msg_t& head, BlockRef&& body, const std::byte* at,
                                 std::size_t bytes);

    GatewayCounters* counters_ = nullptr;
    RouterLimits limits_;
    void* router_ = nullptr;
    void* monitor_ = nullptr;
    int router_fd_ = -1;
    int monitor_fd_ = -1;
    int inbox_fd_ = -1;
    bool inbox_armed_ = false;
    bool door_news_ = true;
    std::uint32_t turns_ = 0;
    std::size_t connections_ = 0;
    std::string socket_path_; // of the ipc endpoint

    zmq_msg_t sender_{};
    zmq_msg_t first_{};
    zmq_msg_t second_{};
    std::size_t frames_ = 0;
    struct Prepared {
        zmq_msg_t head{}; // with the body, when it is small
        BlockRef body;
        const std::byte* body_at = nullptr;
        std::size_t body_bytes = 0;
    } prepared_;
};

} // namespace noa::bus
