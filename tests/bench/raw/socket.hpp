// The few libzmq calls of the baselines, on the plain C API that noa's own bus uses as well.
#pragma once

#include <zmq.h>

#include <memory>
#include <string>

#include "base/result.hpp"

namespace noa::bench {

constexpr std::size_t small_body = 64;
constexpr std::size_t large_body = 65536;

struct CloseContext {
    void operator()(void* context) const noexcept { ::zmq_ctx_term(context); }
};
struct CloseSocket {
    void operator()(void* socket) const noexcept { ::zmq_close(socket); }
};
using ZmqContext = std::unique_ptr<void, CloseContext>;
using ZmqSocket = std::unique_ptr<void, CloseSocket>;

[[nodiscard]] inline ZmqContext make_context() {
    return ZmqContext(::zmq_ctx_new());
}

// Linger 0; sends and receives give up after ten seconds, so that a lost message is a failed row.
[[nodiscard]] ZmqSocket make_socket(void* context, int type, int high_water_mark = 1000);

[[nodiscard]] Result<void> bind_to(void* socket, const std::string& endpoint);
[[nodiscard]] Result<void> connect_to(void* socket, const std::string& endpoint);

[[nodiscard]] Failure zmq_failure(std::string attempt);

// A message that closes itself.
class Frame {
public:
    Frame() { ::zmq_msg_init(&message_); }
    explicit Frame(std::size_t size) { ::zmq_msg_init_size(&message_, size); }
    Frame(const Frame&) = delete;
    Frame& operator=(const Frame&) = delete;
    ~Frame() { ::zmq_msg_close(&message_); }

    [[nodiscard]] zmq_msg_t* get() noexcept { return &message_; }
    [[nodiscard]] char* data() noexcept { return static_cast<char*>(::zmq_msg_data(&message_)); }
    [[nodiscard]] std::size_t size() const noexcept { return ::zmq_msg_size(&message_); }
    bool receive(void* socket, int flags = 0) {
        return ::zmq_msg_recv(&message_, socket, flags) >= 0;
    }
    bool send(void* socket, int flags = 0) { return ::zmq_msg_send(&message_, socket, flags) >= 0; }

private:
    zmq_msg_t message_{};
};

// Sends a frame of `size` bytes, all set to `fill`.
[[nodiscard]] bool send_filled(void* socket, std::size_t size, char fill, int flags = 0);

// ROUTER: sends every message back until one whose body is empty.
void echo_until_stopped(void* router);

} // namespace noa::bench
