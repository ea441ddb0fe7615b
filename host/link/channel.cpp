#include "link/channel.hpp"

#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace noa::link {

namespace {

constexpr std::size_t room = std::size_t{128} * 1024; // for a receive
constexpr std::size_t kept_out = std::size_t{256} * 1024;
constexpr std::size_t descriptors_waiting_max = 64;
constexpr std::size_t descriptors_per_receive = 32;

} // namespace

UniqueFd Frame::take_descriptor() noexcept {
    return taken_ < descriptors.size() ? std::move(descriptors[taken_++]) : UniqueFd();
}

// Up to the next frame that has descriptors; they go with its first bytes.
long Channel::send_piece(int flags) {
    std::size_t end = out_.size();
    std::vector<UniqueFd>* with = nullptr;
    if (!attached_.empty() && attached_.front().at == sent_) {
        with = &attached_.front().descriptors;
        if (attached_.size() > 1) {
            end = attached_[1].at;
        }
    } else if (!attached_.empty()) {
        end = attached_.front().at;
    }
    iovec piece{out_.data() + sent_, end - sent_};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * descriptors_max)> control{};
    if (with != nullptr) {
        message.msg_control = control.data();
        message.msg_controllen = CMSG_SPACE(sizeof(int) * with->size());
        auto* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof(int) * with->size());
        for (std::size_t i = 0; i < with->size(); ++i) {
            const int fd = (*with)[i].get();
            std::memcpy(CMSG_DATA(head) + i * sizeof fd, &fd, sizeof fd);
        }
    }
    const auto sent = ::sendmsg(socket_.get(), &message, flags);
    if (sent > 0 && with != nullptr) {
        attached_.pop_front();
    }
    return sent;
}

void Channel::forget_sent() {
    out_.erase(0, sent_);
    for (auto& attached : attached_) {
        attached.at -= sent_;
    }
    sent_ = 0;
}

Channel::Sent Channel::send(bool wait) {
    const std::lock_guard lock(out_mutex_);
    const int flags = MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
    while (sent_ < out_.size()) {
        const auto sent = send_piece(flags);
        if (sent < 0 && errno == EINTR) {
            continue;
        }
        if (sent <= 0) {
            const bool blocked = !wait && (errno == EAGAIN || errno == EWOULDBLOCK);
            forget_sent();
            return blocked ? Sent::blocked : Sent::broken;
        }
        sent_ += static_cast<std::size_t>(sent);
        waiting_.store(out_.size() - sent_, std::memory_order_relaxed);
    }
    out_.clear();
    sent_ = 0;
    if (out_.capacity() > kept_out) {
        out_.shrink_to_fit();
    }
    return Sent::all;
}

void Channel::take_descriptors(const msghdr& message) {
    for (auto* head = CMSG_FIRSTHDR(&message); head != nullptr;
         head = CMSG_NXTHDR(const_cast<msghdr*>(&message), head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) {
            continue;
        }
        const auto count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(head) + i * sizeof fd, sizeof fd);
            in_descriptors_.emplace_back(fd);
        }
    }
    if ((message.msg_flags & MSG_CTRUNC) != 0 || in_descriptors_.size() > descriptors_waiting_max) {
        complaint_ = "more descriptors came with frames than there may be";
    }
}

Channel::Got Channel::receive() {
    if (in_begin_ > 0) {
        std::copy(in_.begin() + static_cast<std::ptrdiff_t>(in_begin_),
                  in_.begin() + static_cast<std::ptrdiff_t>(in_end_), in_.begin());
        in_end_ -= in_begin_;
        in_begin_ = 0;
    }
    in_.resize(std::max(in_.size(), room));
    iovec piece{in_.data() + in_end_, in_.size() - in_end_};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * descriptors_per_receive)> control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0) {
        const bool later = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        return later ? Got::nothing : errno == ECONNRESET ? Got::ended : Got::broken;
    }
    take_descriptors(message);
    if (!complaint_.empty()) {
        return Got::broken;
    }
    in_end_ += static_cast<std::size_t>(got);
    return got == 0 ? Got::ended : Got::some;
}

std::optional<Frame> Channel::next() {
    const std::string_view left(in_.data() + in_begin_, in_end_ - in_begin_);
    if (left.size() < header_bytes || !complaint_.empty()) {
        return std::nullopt;
    }
    Reader header(left);
    const auto size = header.number<std::uint32_t>();
    Frame frame;
    frame.kind = Kind{header.number<std::uint8_t>()};
    const auto descriptors = header.number<std::uint8_t>();
    const auto zero = header.number<std::uint16_t>();
    if (size > payload_max || descriptors > descriptors_max || zero != 0) {
        complaint_ = "no frame: " + std::to_string(size) + " bytes of kind " +
                     std::to_string(static_cast<unsigned>(frame.kind));
        return std::nullopt;
    }
    if (left.size() < header_bytes + size) {
        return std::nullopt;
    }
    if (descriptors > in_descriptors_.size()) {
        complaint_ = "a frame without the descriptors that it speaks of";
        return std::nullopt;
    }
    for (std::size_t i = 0; i < descriptors; ++i) {
        frame.descriptors[i] = std::move(in_descriptors_.front());
        in_descriptors_.pop_front();
    }
    frame.payload = left.substr(header_bytes, size);
    in_begin_ += header_bytes + size;
    return frame;
}

} // namespace noa::link
