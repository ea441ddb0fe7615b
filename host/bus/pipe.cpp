#include "bus/pipe.hpp"

#include <cerrno>

#include <zmq.h>

#include "base/sanitizers.hpp"

namespace noa::bus {

namespace {

constexpr std::uint32_t max_pack_records = 64;
// NOLINTNEXTLINE(bugprone-sizeof-expression): a frame is the pointer itself
constexpr std::size_t frame_bytes = sizeof(Block*);

Result<void*> make_socket(void* context, int type, const std::string& address) {
    void* socket = zmq_socket(context, type);
    if (socket == nullptr) {
        return fail(Errc::system, "open inbox socket", address, zmq_strerror(zmq_errno()),
                    "raise LimitNOFILE: an agent needs two descriptors");
    }
    const int zero = 0;
    zmq_setsockopt(socket, ZMQ_SNDHWM, &zero, sizeof zero);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &zero, sizeof zero);
    zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof zero);
    const int done =
        type == ZMQ_PULL ? zmq_bind(socket, address.c_str()) : zmq_connect(socket, address.c_str());
    if (done != 0) {
        const int error = zmq_errno();
        zmq_close(socket);
        return fail(Errc::system, "open inbox socket", address, zmq_strerror(error));
    }
    return socket;
}

} // namespace

Result<void> Pipe::open(void* context, const std::string& address) {
    auto pull = make_socket(context, ZMQ_PULL, address);
    if (!pull) {
        return Failure(pull.error());
    }
    auto push = make_socket(context, ZMQ_PUSH, address);
    if (!push) {
        zmq_close(*pull);
        return Failure(push.error());
    }
    pull_ = *pull;
    push_ = *push;
    return {};
}

void Pipe::close() noexcept {
    if (push_ == nullptr) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        flush();
    }
    while (has_news()) {
        static_cast<void>(pull());
    }
    zmq_close(std::exchange(push_, nullptr));
    zmq_close(std::exchange(pull_, nullptr));
}

void Pipe::push(const Draft& draft) noexcept {
    if (draft.block != nullptr) {
        flush();
        send_frame(draft.to_block().release());
        return;
    }
    if (pack_ == nullptr) {
        pack_ = pool_.take();
        append(draft);
        if (frames_sent_.load(std::memory_order_relaxed) ==
            frames_received_.load(std::memory_order_acquire)) {
            flush();
            return;
        }
        // Either the reader sees `pending_`, or we see that it took the last frame.
        pending_.store(true, std::memory_order_seq_cst);
        if (frames_sent_.load(std::memory_order_relaxed) ==
            frames_received_.load(std::memory_order_seq_cst)) {
            flush();
        }
        return;
    }
    if (pack_->capacity - pack_->used < draft.bytes() || pack_->count == max_pack_records) {
        flush();
        push(draft);
        return;
    }
    append(draft);
    if (frames_sent_.load(std::memory_order_relaxed) ==
        frames_received_.load(std::memory_order_acquire)) {
        flush();
    }
}

void Pipe::append(const Draft& draft) noexcept {
    draft.write(pack_->data() + pack_->used);
    pack_->used += draft.bytes();
    ++pack_->count;
}

void Pipe::flush() noexcept {
    if (pack_ == nullptr) {
        return;
    }
    pending_.store(false, std::memory_order_relaxed);
    send_frame(std::exchange(pack_, nullptr));
}

void Pipe::send_frame(Block* block) noexcept {
    NOA_HOP_RELEASE(this);
    // Counted first: a reader that already knows of the frame may block for it, never the
    // other way round.
    frames_sent_.store(frames_sent_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    while (zmq_send(push_, &block, frame_bytes, ZMQ_DONTWAIT) < 0 && zmq_errno() == EINTR) {}
}

void Pipe::ring() noexcept {
    if (!bell_) {
        bell_ = true;
        send_frame(nullptr);
    }
}

BlockRef Pipe::receive() noexcept {
    Block* block = nullptr;
    while (zmq_recv(pull_, &block, frame_bytes, 0) != static_cast<int>(frame_bytes)) {
        if (zmq_errno() != EINTR) {
            return {};
        }
    }
    NOA_HOP_ACQUIRE(this);
    frames_received_.store(frames_received_.load(std::memory_order_relaxed) + 1,
                           std::memory_order_seq_cst);
    if (block == nullptr) {
        const std::lock_guard lock(mutex_);
        bell_ = false;
    }
    return BlockRef(block);
}

BlockRef Pipe::pull() noexcept {
    while (true) {
        if (frames_sent_.load(std::memory_order_acquire) !=
            frames_received_.load(std::memory_order_relaxed)) {
            if (auto block = receive()) {
                return block;
            }
            continue; // a bell
        }
        if (!pending_.load(std::memory_order_seq_cst)) {
            return {};
        }
        const std::lock_guard lock(mutex_);
        flush();
    }
}

BlockRef Pipe::wait() noexcept {
    return has_news() ? pull() : receive();
}

void Pipe::trim() noexcept {
    const std::lock_guard lock(mutex_);
    pool_.trim(1);
}

} // namespace noa::bus
