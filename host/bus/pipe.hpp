// One ZeroMQ hop: PUSH under a mutex, PULL on one thread. Packs what waits anyway.
//
// Order  frames arrive as they were pushed. A sender that finds the pipe empty sends at once;
//        while a frame waits, further records join the open pack, which leaves when it is full
//        or when a sender or the reader finds the pipe empty.
// Limits none: high-water marks are off, the inbox counts (a mark bounds pipes, not inboxes).
// Life   the sockets stay open as long as the pipe: closing a PULL would lose what was accepted.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>

#include "base/result.hpp"
#include "bus/draft.hpp"

namespace noa::bus {

class Pipe {
public:
    Pipe() = default;
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    ~Pipe() { close(); }

    [[nodiscard]] Result<void> open(void* context, const std::string& address);
    void close() noexcept; // nobody may use the pipe any more
    [[nodiscard]] bool is_open() const noexcept { return push_ != nullptr; }

    // Senders. The guard is the pipe's own mutex: whoever counts does so under it.
    [[nodiscard]] std::mutex& mutex() noexcept { return mutex_; }
    // [mutex held] A body over inline_body_limit comes in a sealed block.
    void push(const Draft& draft) noexcept;
    void ring() noexcept; // [mutex held] wakes the reader; never more than one

    // The reader. [one thread at a time, handed over with a happens-before]
    // The next frame without waiting; null when there is none. A rung bell is swallowed.
    [[nodiscard]] BlockRef pull() noexcept;
    // Sleeps until a frame or a bell comes; empty for a bell.
    [[nodiscard]] BlockRef wait() noexcept;
    [[nodiscard]] bool has_news() const noexcept {
        return frames_sent_.load(std::memory_order_acquire) !=
                   frames_received_.load(std::memory_order_relaxed) ||
               pending_.load(std::memory_order_relaxed);
    }
    void trim() noexcept; // gives pooled memory back

    // For a reader that polls several sockets.
    [[nodiscard]] void* pull_socket() const noexcept { return pull_; }

private:
    void append(const Draft& draft) noexcept;
    void send_frame(Block* block) noexcept;
    void flush() noexcept;
    [[nodiscard]] BlockRef receive() noexcept;

    // constant after open
    void* push_ = nullptr;
    void* pull_ = nullptr;

    std::mutex mutex_;
    // under mutex_
    Block* pack_ = nullptr;
    bool bell_ = false;
    BlockPool pool_;

    // frames_sent_ is written under mutex_, frames_received_ by the reader
    std::atomic<std::uint64_t> frames_sent_{0};
    std::atomic<std::uint64_t> frames_received_{0};
    std::atomic<bool> pending_{false};
};

} // namespace noa::bus
