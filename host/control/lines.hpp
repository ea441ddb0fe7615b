// Lines over a stream socket, with limits and without blocking for ever.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace noa::control {

enum class ReadResult : std::uint8_t {
    line,
    end,       // the peer closed, between two lines
    timed_out, // the line was not complete in time
    woken,     // the wake descriptor became readable first
    too_long,  // the stream is of no more use
    failed,    // broken off within a line, or an error of the socket
};

// Negative: no limit.
constexpr std::chrono::milliseconds no_timeout{-1};

// Reads one socket; the descriptor is borrowed.  [one thread]
class LineReader {
public:
    LineReader(int fd, std::size_t limit) noexcept : fd_(fd), limit_(limit) {}

    // Waits for a whole line, put into `line` without its newline. `wake_fd` may be -1.
    [[nodiscard]] ReadResult next(std::string& line, std::chrono::milliseconds timeout = no_timeout,
                                  int wake_fd = -1);
    // What was received and not yet given out.
    [[nodiscard]] bool has_buffered() const noexcept { return begin_ < buffer_.size(); }

private:
    [[nodiscard]] bool take_line(std::string& line);
    [[nodiscard]] ReadResult wait(std::int64_t deadline_ns, int wake_fd) const;
    [[nodiscard]] ReadResult receive();

    int fd_;
    std::size_t limit_;
    std::string buffer_;
    std::size_t begin_ = 0;   // first byte not given out
    std::size_t scanned_ = 0; // no newline before this
};

// Writes all of it; false when the peer is gone or took nothing for `timeout`.
[[nodiscard]] bool write_all(int fd, std::string_view text, std::chrono::milliseconds timeout);

} // namespace noa::control
