#include "control/lines.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/clock.hpp"

namespace noa::control {

namespace {

constexpr std::size_t piece_bytes = std::size_t{64} * 1024;

// Milliseconds until `deadline_ns`, rounded up; -1 without a deadline.
int time_left_ms(std::int64_t deadline_ns) noexcept {
    if (deadline_ns < 0) {
        return -1;
    }
    const std::int64_t left = deadline_ns - monotonic_ns();
    return left <= 0 ? 0 : static_cast<int>((left + 999'999) / 1'000'000);
}

std::int64_t deadline_of(std::chrono::milliseconds timeout) noexcept {
    return timeout.count() < 0 ? -1 : monotonic_ns() + timeout.count() * 1'000'000;
}

} // namespace

bool LineReader::take_line(std::string& line) {
    const auto newline = buffer_.find('\n', scanned_);
    if (newline == std::string::npos) {
        scanned_ = buffer_.size();
        return false;
    }
    line.assign(buffer_, begin_, newline - begin_);
    begin_ = scanned_ = newline + 1;
    if (begin_ == buffer_.size()) {
        buffer_.clear();
        if (buffer_.capacity() > piece_bytes * 16) {
            buffer_.shrink_to_fit();
        }
        begin_ = scanned_ = 0;
    }
    return true;
}

ReadResult LineReader::wait(std::int64_t deadline_ns, int wake_fd) const {
    while (true) {
        std::array<pollfd, 2> fds{pollfd{fd_, POLLIN, 0}, pollfd{wake_fd, POLLIN, 0}};
        const int ready = ::poll(fds.data(), fds.size(), time_left_ms(deadline_ns));
        if (ready > 0) {
            return fds[1].revents != 0 ? ReadResult::woken : ReadResult::line;
        }
        if (ready == 0) {
            return ReadResult::timed_out;
        }
        if (errno != EINTR) {
            return ReadResult::failed;
        }
    }
}

ReadResult LineReader::receive() {
    if (begin_ > 0) {
        buffer_.erase(0, begin_);
        scanned_ -= begin_;
        begin_ = 0;
    }
    const std::size_t old_size = buffer_.size();
    buffer_.resize(old_size + piece_bytes);
    const ssize_t got = ::recv(fd_, buffer_.data() + old_size, piece_bytes, MSG_DONTWAIT);
    buffer_.resize(old_size + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) {
        return buffer_.empty() ? ReadResult::end : ReadResult::failed;
    }
    if (got < 0 && errno != EAGAIN && errno != EINTR) {
        return buffer_.empty() && errno == ECONNRESET ? ReadResult::end : ReadResult::failed;
    }
    return ReadResult::line;
}

ReadResult LineReader::next(std::string& line, std::chrono::milliseconds timeout, int wake_fd) {
    const std::int64_t deadline_ns = deadline_of(timeout);
    while (!take_line(line)) {
        if (buffer_.size() - begin_ > limit_) {
            return ReadResult::too_long;
        }
        if (const auto ready = wait(deadline_ns, wake_fd); ready != ReadResult::line) {
            return ready;
        }
        if (const auto got = receive(); got != ReadResult::line) {
            return got;
        }
    }
    return line.size() > limit_ ? ReadResult::too_long : ReadResult::line;
}

bool write_all(int fd, std::string_view text, std::chrono::milliseconds timeout) {
    while (!text.empty()) {
        const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent > 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            return false;
        }
        pollfd writable{fd, POLLOUT, 0};
        const int ready =
            ::poll(&writable, 1, timeout.count() < 0 ? -1 : static_cast<int>(timeout.count()));
        if (ready == 0 || (ready < 0 && errno != EINTR)) {
            return false;
        }
    }
    return true;
}

} // namespace noa::control
