#include "raw/socket.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

namespace noa::bench {

ZmqSocket make_socket(void* context, int type, int high_water_mark) {
    ZmqSocket socket(::zmq_socket(context, type));
    const int linger = 0;
    const int limit_ms = 10'000;
    ::zmq_setsockopt(socket.get(), ZMQ_LINGER, &linger, sizeof linger);
    ::zmq_setsockopt(socket.get(), ZMQ_RCVTIMEO, &limit_ms, sizeof limit_ms);
    ::zmq_setsockopt(socket.get(), ZMQ_SNDTIMEO, &limit_ms, sizeof limit_ms);
    ::zmq_setsockopt(socket.get(), ZMQ_SNDHWM, &high_water_mark, sizeof high_water_mark);
    ::zmq_setsockopt(socket.get(), ZMQ_RCVHWM, &high_water_mark, sizeof high_water_mark);
    return socket;
}

Failure zmq_failure(std::string attempt) {
    return fail(Errc::system, std::move(attempt), "libzmq", ::zmq_strerror(::zmq_errno()));
}

Result<void> bind_to(void* socket, const std::string& endpoint) {
    return ::zmq_bind(socket, endpoint.c_str()) == 0 ? Result<void>{}
                                                     : Result<void>(zmq_failure("bind"));
}

Result<void> connect_to(void* socket, const std::string& endpoint) {
    return ::zmq_connect(socket, endpoint.c_str()) == 0 ? Result<void>{}
                                                        : Result<void>(zmq_failure("connect"));
}

bool send_filled(void* socket, std::size_t size, char fill, int flags) {
    Frame frame(size);
    std::memset(frame.data(), fill, size);
    return frame.send(socket, flags);
}

void echo_until_stopped(void* router) {
    for (;;) {
        Frame identity;
        Frame body;
        if (!identity.receive(router) || !body.receive(router) || body.size() == 0) {
            return;
        }
        (void)(identity.send(router, ZMQ_SNDMORE) && body.send(router));
    }
}

} // namespace noa::bench
