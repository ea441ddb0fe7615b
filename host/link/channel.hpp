// One end of the link: frames in and out of a stream socket.
#pragma once

#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "link/frame.hpp"

namespace noa::link {

struct Frame {
    Kind kind{};
    std::string_view payload; // until the next receive
    std::array<UniqueFd, descriptors_max> descriptors;

    // The descriptors in their order; none when there are no more.
    [[nodiscard]] UniqueFd take_descriptor() noexcept;

private:
    std::size_t taken_ = 0;
};

class Channel {
public:
    // What is worth a write of its own while more is being put.
    static constexpr std::size_t put_before_send = std::size_t{16} * 1024;

    explicit Channel(UniqueFd socket) noexcept : socket_(std::move(socket)) {}

    [[nodiscard]] int fd() const noexcept { return socket_.get(); }

    // [any thread] Has `fill` write a frame, to be sent by `send`. False when it is too large.
    template <class Fill>
    bool put(Kind kind, Fill&& fill) {
        const std::lock_guard lock(out_mutex_);
        std::vector<UniqueFd> descriptors;
        const auto at = out_.size();
        Writer writer(out_, descriptors, kind);
        fill(writer);
        if (!writer.finish()) {
            return false;
        }
        if (!descriptors.empty()) {
            attached_.push_back({at, std::move(descriptors)});
        }
        waiting_.store(out_.size() - sent_, std::memory_order_relaxed);
        return true;
    }
    // Put and not sent, about.
    [[nodiscard]] std::size_t waiting() const noexcept {
        return waiting_.load(std::memory_order_relaxed);
    }

    enum class Sent : std::uint8_t { all, blocked, broken };
    // [any thread] Sends what was put. `wait`: until all is sent, at most the socket's time-out.
    [[nodiscard]] Sent send(bool wait);

    // The rest: one thread at a time.
    enum class Got : std::uint8_t { some, nothing, ended, broken };
    // Takes what has arrived, without waiting.
    [[nodiscard]] Got receive();
    // The next whole frame of it.
    [[nodiscard]] std::optional<Frame> next();
    // What arrived is no sequence of frames; empty while it is.
    [[nodiscard]] const std::string& complaint() const noexcept { return complaint_; }

private:
    struct Attached { // descriptors that go with the frame at that place of out_
        std::size_t at = 0;
        std::vector<UniqueFd> descriptors;
    };
    [[nodiscard]] long send_piece(int flags);
    void forget_sent();
    void take_descriptors(const msghdr& message);

    UniqueFd socket_;

    std::mutex out_mutex_;
    // under out_mutex_
    std::string out_;
    std::size_t sent_ = 0; // of out_
    std::deque<Attached> attached_;
    std::atomic<std::size_t> waiting_{0};

    std::vector<char> in_;
    std::size_t in_begin_ = 0; // of what was not looked at yet
    std::size_t in_end_ = 0;
    std::deque<UniqueFd> in_descriptors_;
    std::string complaint_;
};

} // namespace noa::link
