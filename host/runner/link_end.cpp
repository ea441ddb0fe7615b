#include "link_end.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "base/clock.hpp"

namespace noa::runner {

using link::Channel;
using link::Kind;

namespace {

int milliseconds_until(std::int64_t due_ns) noexcept {
    if (due_ns == LinkEnd::never) {
        return -1;
    }
    const auto left = due_ns - monotonic_ns();
    constexpr std::int64_t ms_ns = 1'000'000;
    return left <= 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left / ms_ns + 1, 1 << 30));
}

bool is_urgent(const link::Frame& frame) {
    // A message's priority stands behind the delivery, its kind and its flags.
    link::Reader in(frame.payload);
    static_cast<void>(in.number<std::uint64_t>());
    static_cast<void>(in.number<std::uint64_t>());
    return in.number<std::uint32_t>() == NOA_PRIORITY_HIGH;
}

} // namespace

LinkEnd::LinkEnd(UniqueFd socket, UniqueFd bell)
    : channel_(std::move(socket)), bell_(std::move(bell)) {}

void LinkEnd::flush() {
    while (channel_.send(false) == Channel::Sent::blocked) {
        std::unique_lock lock(mutex_);
        if (reading_) { // somebody takes in what the host sends
            lock.unlock();
            pollfd room{channel_.fd(), POLLOUT, 0};
            ::poll(&room, 1, -1);
        } else {
            turn(lock, LinkEnd::never, POLLIN | POLLOUT, false);
        }
    }
}

std::uint32_t LinkEnd::begin_ask(Arrived& answer) {
    const std::lock_guard lock(mutex_);
    asking_[++last_ask_].answer = &answer;
    return last_ask_;
}

noa_status LinkEnd::finish_ask(std::uint32_t id, bool fits) {
    if (fits) {
        flush();
    }
    std::unique_lock lock(mutex_);
    while (fits && !broken_ && !asking_[id].done) {
        turn(lock, LinkEnd::never, POLLIN, false);
    }
    const auto status = fits ? asking_[id].status : NOA_E_TOO_LARGE;
    asking_.erase(id);
    return status;
}

void LinkEnd::turn(std::unique_lock<std::mutex>& lock, std::int64_t due_ns, short events,
                   bool with_bell) {
    if (reading_) {
        if (due_ns == LinkEnd::never) {
            changed_.wait(lock);
        } else {
            using Clock = std::chrono::steady_clock; // the monotonic clock of due_ns
            changed_.wait_until(lock, Clock::time_point(std::chrono::nanoseconds(due_ns)));
        }
        return;
    }
    reading_ = true;
    lock.unlock();
    std::array<pollfd, 2> waits{{{channel_.fd(), events, 0}, {bell_.get(), POLLIN, 0}}};
    const auto count = with_bell ? waits.size() : 1;
    const int ready = ::poll(waits.data(), count, milliseconds_until(due_ns));
    if (with_bell && ready > 0 && waits[1].revents != 0) {
        std::uint64_t rings = 0;
        static_cast<void>(!::read(bell_.get(), &rings, sizeof rings));
    }
    const bool readable = ready > 0 && (waits[0].revents & ~POLLOUT) != 0;
    const auto got = readable ? channel_.receive() : Channel::Got::nothing;
    lock.lock();
    take_in();
    broken_ = broken_ || got == Channel::Got::broken || got == Channel::Got::ended ||
              !channel_.complaint().empty();
    reading_ = false;
    changed_.notify_all();
}

void LinkEnd::take_in() {
    while (auto frame = channel_.next()) {
        sort(*frame);
    }
}

void LinkEnd::sort(link::Frame& frame) {
    if (frame.kind != Kind::answer) {
        const bool is_message = frame.kind == Kind::deliver || frame.kind == Kind::on_reply;
        auto& queue = !is_message                                       ? control_
                      : frame.kind == Kind::deliver && is_urgent(frame) ? urgent_
                                                                        : messages_;
        Arrived arrived{frame.kind, std::string(frame.payload), std::move(frame), {}};
        if (auto memory = is_message ? arrived.frame.take_descriptor() : UniqueFd()) {
            // Mapped at once: thousands may wait, and descriptors are few.
            if (auto mapped = link::SealedView::open(memory.get())) {
                arrived.memory = std::move(*mapped);
            }
        }
        queue.push_back(std::move(arrived));
        return;
    }
    link::Reader in(frame.payload);
    const auto found = asking_.find(in.number<std::uint32_t>());
    if (found == asking_.end()) {
        return;
    }
    auto& asking = found->second;
    asking.status = in.number<noa_status>();
    asking.answer->payload = in.rest();
    asking.answer->frame = std::move(frame);
    asking.done = true;
}

namespace {

std::optional<LinkEnd::Arrived> pop(std::deque<LinkEnd::Arrived>& queue) {
    if (queue.empty()) {
        return std::nullopt;
    }
    auto first = std::move(queue.front());
    queue.pop_front();
    return first;
}

} // namespace

std::optional<LinkEnd::Arrived> LinkEnd::next_control() {
    const std::lock_guard lock(mutex_);
    return pop(control_);
}

std::optional<LinkEnd::Arrived> LinkEnd::next_message() {
    const std::lock_guard lock(mutex_);
    auto urgent = pop(urgent_);
    return urgent ? std::move(urgent) : pop(messages_);
}

std::optional<LinkEnd::Arrived> LinkEnd::next_reply() {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(messages_, Kind::on_reply, &Arrived::kind);
    if (found == messages_.end()) {
        return std::nullopt;
    }
    auto reply = std::move(*found);
    messages_.erase(found);
    return reply;
}

// Replies belong to requests of a life that is over, too.
void LinkEnd::drop_messages() {
    const std::lock_guard lock(mutex_);
    urgent_.clear();
    messages_.clear();
}

void LinkEnd::wait(std::int64_t due_ns, bool for_control) {
    std::unique_lock lock(mutex_);
    const bool has_messages = !urgent_.empty() || !messages_.empty();
    if (!broken_ && !rung_ && control_.empty() && (for_control || !has_messages)) {
        turn(lock, due_ns, POLLIN, true);
    }
    rung_ = false;
}

void LinkEnd::ring() {
    {
        const std::lock_guard lock(mutex_);
        rung_ = true;
    }
    changed_.notify_all();
    const std::uint64_t one = 1;
    static_cast<void>(!::write(bell_.get(), &one, sizeof one));
}

bool LinkEnd::is_broken() {
    const std::lock_guard lock(mutex_);
    return broken_;
}

} // namespace noa::runner
