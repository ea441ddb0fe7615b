#include "bus/gateway_router.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/ids.hpp"
#include "base/sanitizers.hpp"
#include "bus/gateway_peers.hpp"

namespace noa::bus {

namespace {

constexpr std::size_t by_reference = 4096; // larger bodies travel in a frame of their own
constexpr std::size_t head_slack = 4096;   // of a frame, over the body's limit
constexpr std::uint32_t turns_between_looks = 16;
constexpr int monitored = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED;

Failure zmq_failure(const std::string& what, const std::string& object, std::string advice = {}) {
    return fail(Errc::system, what, object, zmq_strerror(zmq_errno()), std::move(advice));
}

// What keeps a large body alive until libzmq has written it.
struct Loan {
    BlockRef block;
    std::size_t bytes = 0;
    std::shared_ptr<std::atomic<std::int64_t>> bytes_out;
};

void end_loan(void* /*data*/, void* hint) {
    NOA_HOP_ACQUIRE(hint);
    const std::unique_ptr<Loan> loan(static_cast<Loan*>(hint));
    loan->bytes_out->fetch_sub(static_cast<std::int64_t>(loan->bytes), std::memory_order_relaxed);
}

int descriptor_of(void* socket) noexcept {
    int fd = -1;
    std::size_t size = sizeof fd;
    zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
    return fd;
}

} // namespace

Result<void> Router::open(void* context, const std::string& socket_path,
                          const std::vector<std::string>& more_endpoints,
                          const RouterLimits& limits, GatewayCounters& counters) {
    counters_ = &counters;
    limits_ = limits;
    socket_path_ = socket_path;
    rlimit descriptors{};
    if (::getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
        limits_.max_connections =
            std::min<std::size_t>(limits.max_connections, descriptors.rlim_cur / 2);
    }
    router_ = zmq_socket(context, ZMQ_ROUTER);
    if (router_ == nullptr) {
        return zmq_failure("open gateway", socket_path, "raise LimitNOFILE");
    }
    const int zero = 0;
    const int one = 1;
    const auto max_frame = static_cast<std::int64_t>(limits.max_message + head_slack);
    zmq_setsockopt(router_, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(router_, ZMQ_ROUTER_MANDATORY, &one, sizeof one);
    zmq_setsockopt(router_, ZMQ_MAXMSGSIZE, &max_frame, sizeof max_frame);
    zmq_setsockopt(router_, ZMQ_SNDHWM, &limits.max_queued, sizeof limits.max_queued);
    if (auto opened = open_monitor(context); !opened) {
        return opened;
    }
    if (auto bound = bind_file(); !bound) {
        return bound;
    }
    for (const auto& endpoint : more_endpoints) {
        if (auto bound = bind(endpoint); !bound) {
            return bound;
        }
    }
    router_fd_ = descriptor_of(router_);
    monitor_fd_ = descriptor_of(monitor_);
    zmq_msg_init(&sender_);
    zmq_msg_init(&first_);
    zmq_msg_init(&second_);
    zmq_msg_init(&prepared_.head);
    return {};
}

Result<void> Router::open_monitor(void* context) {
    // Never used twice: the socket of a gateway that was closed goes a little later.
    const auto address = "inproc://noa/gateway/" + to_string(make_id());
    if (zmq_socket_monitor(router_, address.c_str(), monitored) != 0) {
        return zmq_failure("watch gateway", socket_path_);
    }
    monitor_ = zmq_socket(context, ZMQ_PAIR);
    if (monitor_ == nullptr) {
        return zmq_failure("watch gateway", socket_path_, "raise LimitNOFILE");
    }
    const int zero = 0;
    const int one = 1;
    zmq_setsockopt(monitor_, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(monitor_, ZMQ_RCVHWM, &one, sizeof one);
    if (zmq_connect(monitor_, address.c_str()) != 0) {
        return zmq_failure("watch gateway", socket_path_);
    }
    return {};
}

Result<void> Router::bind(const std::string& endpoint) {
    if (zmq_bind(router_, endpoint.c_str()) != 0) {
        return zmq_failure("bind gateway", endpoint);
    }
    return {};
}

Result<void> Router::bind_file() {
    constexpr mode_t mode = 0660;
    if (socket_path_.size() >= sizeof(sockaddr_un::sun_path)) {
        return fail(Errc::invalid, "bind gateway", socket_path_,
                    "the path is longer than a socket's may be (107 bytes)",
                    "choose a shorter runtime directory");
    }
    struct stat there {};
    if (::lstat(socket_path_.c_str(), &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) {
            return fail(Errc::refused, "bind gateway", socket_path_,
                        "something that is no socket lies there", "move it away");
        }
        if (::unlink(socket_path_.c_str()) != 0) {
            return fail_errno("remove dead socket", socket_path_, errno);
        }
    }
    if (auto bound = bind("ipc://" + socket_path_); !bound) {
        return bound;
    }
    if (::chmod(socket_path_.c_str(), mode) != 0) {
        return fail_errno("set mode of gateway socket", socket_path_, errno);
    }
    return {};
}

void Router::close() noexcept {
    if (monitor_ != nullptr) {
        watch_door(); // a full queue would hold the monitor's lock
        zmq_socket_monitor(router_, nullptr, 0);
        zmq_close(std::exchange(monitor_, nullptr));
    }
    if (router_ != nullptr) {
        zmq_close(std::exchange(router_, nullptr));
    }
    if (router_fd_ >= 0) {
        for (auto* message : {&sender_, &first_, &second_, &prepared_.head}) {
            zmq_msg_close(message);
        }
        router_fd_ = -1;
    }
}

wire::Bytes Router::bytes_of(const zmq_msg_t& message) noexcept {
    auto* raw = const_cast<zmq_msg_t*>(&message); // NOLINT(*-const-cast): libzmq's signature
    return {static_cast<const std::byte*>(zmq_msg_data(raw)), zmq_msg_size(raw)};
}

std::string_view Router::sender() const noexcept {
    const auto bytes = bytes_of(sender_);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

bool Router::receive() noexcept {
    // A large message is not kept until the next one comes.
    for (auto* message : {&first_, &second_}) {
        if (zmq_msg_size(message) > by_reference) {
            zmq_msg_close(message);
            zmq_msg_init(message);
        }
    }
    while (zmq_msg_recv(&sender_, router_, ZMQ_DONTWAIT) < 0) {
        if (zmq_errno() != EINTR) {
            return false;
        }
    }
    // A message is there as a whole once its first frame is.
    frames_ = 0;
    if (zmq_msg_more(&sender_) == 0 || zmq_msg_recv(&first_, router_, 0) < 0) {
        return true;
    }
    frames_ = 1;
    bool more = zmq_msg_more(&first_) != 0;
    for (; more; more = zmq_msg_more(&second_) != 0) {
        if (zmq_msg_recv(&second_, router_, 0) < 0) {
            return true;
        }
        frames_ = std::min<std::size_t>(frames_ + 1, 3);
    }
    return true;
}

namespace {

bool is_large(const wire::Message& message) noexcept {
    return message.body.size() > by_reference;
}

void make_head(const wire::Message& message, zmq_msg_t& out) {
    const auto head = wire::head_bytes(message);
    const auto inline_body = is_large(message) ? 0 : message.body.size();
    zmq_msg_init_size(&out, head + inline_body);
    auto* at = static_cast<std::byte*>(zmq_msg_data(&out));
    wire::write_head(message, at);
    if (inline_body != 0) {
        std::memcpy(at + head, message.body.data(), inline_body);
    }
}

// The block that holds a large body, made when the caller has none.
BlockRef hold_body(const wire::Message& message, Block* body, const std::byte*& at) {
    if (body != nullptr) {
        body->refs.fetch_add(1, std::memory_order_relaxed);
        at = reinterpret_cast<const std::byte*>(message.body.data());
        return BlockRef(body);
    }
    BlockRef copy(Block::make_single(message.body.size()));
    std::memcpy(copy->data(), message.body.data(), message.body.size());
    at = copy->data();
    return copy;
}

} // namespace

Sent Router::send(Peer& peer, const wire::Message& message, Block* body) {
    if (is_large(message) && too_much(peer, message.body.size())) {
        return Sent::full;
    }
    zmq_msg_t head;
    make_head(message, head);
    if (!is_large(message)) {
        return send_frames(peer, head, nullptr);
    }
    const std::byte* at = nullptr;
    BlockRef held = hold_body(message, body, at);
    return send_with(peer, head, std::move(held), at, message.body.size());
}

void Router::prepare(const wire::Message& message, Block* body) {
    zmq_msg_close(&prepared_.head);
    make_head(message, prepared_.head);
    prepared_.body.reset();
    prepared_.body_bytes = 0;
    if (is_large(message)) {
        prepared_.body = hold_body(message, body, prepared_.body_at);
        prepared_.body_bytes = message.body.size();
    }
}

Sent Router::send_prepared(Peer& peer) {
    if (prepared_.body && too_much(peer, prepared_.body_bytes)) {
        return Sent::full;
    }
    zmq_msg_t head;
    zmq_msg_init(&head);
    zmq_msg_copy(&head, &prepared_.head);
    if (!prepared_.body) {
        return send_frames(peer, head, nullptr);
    }
    return send_with(peer, head, prepared_.body.share(), prepared_.body_at, prepared_.body_bytes);
}

void Router::end_prepared() noexcept {
    prepared_.body.reset();
}

bool Router::too_much(const Peer& peer, std::size_t bytes) const noexcept {
    if (!peer.bytes_out) {
        return false;
    }
    const auto waiting = static_cast<std::uint64_t>(
        std::max<std::int64_t>(0, peer.bytes_out->load(std::memory_order_relaxed)));
    return waiting != 0 && waiting + bytes > limits_.max_bytes_out;
}

Sent Router::send_with(Peer& peer, zmq_msg_t& head, BlockRef&& body, const std::byte* at,
                       std::size_t bytes) {
    if (!peer.bytes_out) {
        peer.bytes_out = std::make_shared<std::atomic<std::int64_t>>(0);
    }
    auto loan = std::make_unique<Loan>(Loan{std::move(body), bytes, peer.bytes_out});
    peer.bytes_out->fetch_add(static_cast<std::int64_t>(bytes), std::memory_order_relaxed);
    NOA_HOP_RELEASE(loan.get());
    zmq_msg_t second;
    auto* data = const_cast<std::byte*>(at); // NOLINT(*-const-cast): libzmq only reads it
    zmq_msg_init_data(&second, data, bytes, &end_loan, loan.release());
    return send_frames(peer, head, &second);
}

// Takes both messages over. Only the first part can be refused: the rest follows it.
Sent Router::send_frames(const Peer& peer, zmq_msg_t& head, zmq_msg_t* body) noexcept {
    const auto& id = peer.routing_id;
    int done = -1;
    do {
        done = zmq_send(router_, id.data(), id.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT);
    } while (done < 0 && zmq_errno() == EINTR);
    if (done < 0) {
        const auto sent = zmq_errno() == EAGAIN ? Sent::full : Sent::gone;
        zmq_msg_close(&head);
        if (body != nullptr) {
            zmq_msg_close(body);
        }
        return sent;
    }
    const auto pass = [this](zmq_msg_t& frame, int flags) {
        while (zmq_msg_send(&frame, router_, flags | ZMQ_DONTWAIT) < 0) {
            if (zmq_errno() != EINTR) {
                zmq_msg_close(&frame);
                return;
            }
        }
    };
    pass(head, body != nullptr ? ZMQ_SNDMORE : 0);
    if (body != nullptr) {
        pass(*body, 0);
    }
    counters_->sent.add();
    return Sent::ok;
}

bool Router::arm_inbox(const Inbox& inbox) noexcept {
    if (inbox_armed_) {
        return true;
    }
    if (inbox_fd_ < 0) {
        inbox_fd_ = descriptor_of(inbox.pull_socket());
    }
    int events = 0;
    std::size_t size = sizeof events;
    zmq_getsockopt(inbox.pull_socket(), ZMQ_EVENTS, &events, &size);
    inbox_armed_ = (events & ZMQ_POLLIN) == 0;
    return inbox_armed_;
}

void Router::sleep(const Inbox& inbox) noexcept {
    if (!arm_inbox(inbox) || inbox.has_news() || door_news_) {
        return;
    }
    std::array<pollfd, 3> all{
        {{router_fd_, POLLIN, 0}, {inbox_fd_, POLLIN, 0}, {monitor_fd_, POLLIN, 0}}};
    if (::poll(all.data(), all.size(), -1) > 0) {
        inbox_armed_ = all[1].revents == 0;
        door_news_ = all[2].revents != 0;
    }
}

void Router::watch_door() noexcept {
    if (!door_news_ && (++turns_ % turns_between_looks) != 0) {
        return;
    }
    struct [[gnu::packed]] {
        std::uint16_t event;
        std::int32_t fd;
    } news{};
    while (zmq_recv(monitor_, &news, sizeof news, ZMQ_DONTWAIT) >= 0) {
        zmq_recv(monitor_, nullptr, 0, 0); // the endpoint
        if (news.event == ZMQ_EVENT_ACCEPTED) {
            enter(news.fd);
        } else if (connections_ > 0) {
            --connections_;
        }
        counters_->connections.store(connections_, std::memory_order_relaxed);
    }
    door_news_ = false;
}

// One connection more. Libzmq may have closed it meanwhile and its number may be another file's
// by now, so it is shut down only when it still is a connection of this socket.
void Router::enter(int fd) noexcept {
    if (++connections_ <= limits_.max_connections) {
        return;
    }
    sockaddr_un own{};
    socklen_t size = sizeof own;
    if (::getsockname(fd, reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
        own.sun_family == AF_UNIX &&
        std::string_view(own.sun_path, ::strnlen(own.sun_path, sizeof own.sun_path)) ==
            socket_path_) {
        ::shutdown(fd, SHUT_RDWR);
        counters_->turned_away.add();
    }
}

} // namespace noa::bus
