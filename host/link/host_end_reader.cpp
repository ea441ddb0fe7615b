// The thread that reads what a runner says.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <system_error>

#include "base/clock.hpp"
#include "base/stack_probe.hpp"
#include "link/host_end.hpp"
#include "plugin/text.hpp"

namespace noa::link {

namespace {

constexpr std::int64_t ms_ns = 1'000'000;
constexpr std::chrono::milliseconds last_breath{200}; // from a closed link to the exit
constexpr std::chrono::milliseconds last_words{50};   // of a lane that is asked where it is

int milliseconds_until(std::int64_t due_ns) noexcept {
    const auto left = due_ns - monotonic_ns();
    return left <= 0 ? 0 : static_cast<int>(std::min<std::int64_t>(left / ms_ns + 1, 1 << 30));
}

} // namespace

void HostEnd::run() {
    look_at_ns_ = heartbeat_.due_ns(monotonic_ns());
    while (turn()) {}
    if (!process_->wait(last_breath)) {
        kill("it closed the link");
    }
    const auto end = process_->reap();
    calls_.reset();
    while (read_link() == Channel::Got::some) {} // what it said last
    read_output();
    tell_dropped();
    finish(end);
}

// One wait, and what came of it. False once the link is of no more use.
bool HostEnd::turn() {
    std::array<pollfd, 3> waits{{{channel_.fd(), POLLIN, 0},
                                 {process_->watch_fd(), POLLIN, 0},
                                 {output_fd_.get(), POLLIN, 0}}};
    if (::poll(waits.data(), waits.size(), milliseconds_until(look_at_ns_)) < 0 && errno != EINTR) {
        kill("the host cannot wait for it");
        return false;
    }
    if (waits[2].revents != 0) {
        read_output();
    }
    const auto got = waits[0].revents != 0 ? read_link() : Channel::Got::nothing;
    if (got == Channel::Got::ended || got == Channel::Got::broken) {
        return false;
    }
    if (waits[1].revents != 0) {
        return false;
    }
    return monotonic_ns() < look_at_ns_ || look_for_stall();
}

Channel::Got HostEnd::read_link() {
    const auto got = channel_.receive();
    if (got == Channel::Got::nothing) {
        return got;
    }
    if (got == Channel::Got::broken || !take_all()) {
        kill("garbage on the link" +
             (channel_.complaint().empty() ? std::string() : ": " + channel_.complaint()));
        return Channel::Got::broken;
    }
    if (channel_.waiting() != 0) {
        flush();
    }
    return got;
}

bool HostEnd::take_all() {
    while (auto frame = channel_.next()) {
        if (!take(*frame)) {
            return false;
        }
        if (channel_.waiting() >= Channel::put_before_send) {
            flush();
        }
    }
    return channel_.complaint().empty();
}

void HostEnd::read_output() {
    std::array<char, 16384> piece;
    const auto now = monotonic_ns();
    for (int reads = 0; reads < 16; ++reads) {
        const auto got = ::read(output_fd_.get(), piece.data(), piece.size());
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            output_.finish(now);
            output_fd_.reset(); // poll passes over what is none
        }
        if (got <= 0) {
            break;
        }
        output_.add({piece.data(), static_cast<std::size_t>(got)}, now);
    }
}

void HostEnd::tell_dropped() {
    if (const auto dropped = output_.take_dropped(); dropped != 0) {
        home_.output({}, dropped);
    }
}

// Whether the lane is inside one call for too long, or the runner does not answer at all.
bool HostEnd::look_for_stall() {
    const auto limit_ns = std::chrono::nanoseconds(options_.stall_limit).count();
    const auto now = monotonic_ns();
    tell_dropped();
    const auto seen = page_.look();
    if (seen.since_ns > 0 && seen.since_ns <= now - limit_ns) {
        hear_where_it_is();
        kill("its lane did not return from a call (" + seen.what + ") within stall_limit");
        return false;
    }
    const bool in_call = seen.since_ns > 0 && seen.since_ns < now;
    if (in_call || is_awaited()) {
        heartbeat_.excuse(now);
    } else if (heartbeat_.is_missed(now)) {
        kill("it did not answer the last heartbeat");
        return false;
    } else if (const auto number = heartbeat_.ask(now)) {
        channel_.put(Kind::ping, [&](Writer& out) { out.number(*number); });
        flush();
    }
    look_at_ns_ = heartbeat_.due_ns(now);
    if (in_call) {
        look_at_ns_ = std::min(look_at_ns_, seen.since_ns + limit_ns);
    }
    return true;
}

// Whether the host waits for a call to return: as long as that may take by itself.
bool HostEnd::is_awaited() const {
    const std::lock_guard lock(mutex_);
    return awaited_ != 0;
}

// Its lane says so in its output, if it can.
void HostEnd::hear_where_it_is() {
    StackProbe::ask_process(process_->pid());
    const auto until_ns = monotonic_ns() + last_words.count() * ms_ns;
    output_.keep();
    while (output_fd_ && !output_.ends_with(StackProbe::end_mark)) {
        pollfd says{output_fd_.get(), POLLIN, 0};
        if (::poll(&says, 1, milliseconds_until(until_ns)) <= 0) {
            break;
        }
        read_output();
    }
    stack_ = output_.stop();
    std::erase(stack_, StackProbe::end_mark);
    for (auto& line : stack_) {
        line = plugin::printable(line, Output::line_max);
    }
}

bool HostEnd::take(Frame& frame) {
    Reader in(frame.payload);
    switch (frame.kind) {
    case Kind::reply: return take_reply(frame, in);
    case Kind::settle: return take_settle(in);
    case Kind::ask: return take_ask(frame, in);
    case Kind::returned: return take_returned(frame, in);
    case Kind::state: return take_state(frame);
    case Kind::escaped: return take_escaped(in);
    case Kind::confined: return take_confined(frame, in);
    case Kind::deferred: window_.remove(in.number<std::uint64_t>()); return in.complete();
    case Kind::pong: return heartbeat_.answer(in.number<std::uint32_t>()) && in.complete();
    case Kind::log: {
        std::unique_lock lock(mutex_);
        if (!end_expected_) {
            lock.unlock();
            return service_.log(in);
        }
        lock.unlock();
        enqueue({frame.kind, 0, Ask{}, std::string(frame.payload), {}});
        return true;
    }
    default: return false;
    }
}

bool HostEnd::take_ask(Frame& frame, Reader& in) {
    const auto id = in.number<std::uint32_t>();
    const auto function = Ask{in.number<std::uint8_t>()};
    if (!in.whole()) {
        return false;
    }
    bool for_lane = is_for_lane(function);
    if (!for_lane) {
        const std::lock_guard lock(mutex_);
        for_lane = end_expected_; // the token is over for all but the lane
    }
    if (!for_lane) {
        return service_.ask(id, function, in, frame);
    }
    LaneFrame asked{frame.kind, id, function, std::string(in.rest()), {}};
    asked.frame = std::move(frame);
    enqueue(std::move(asked));
    return true;
}

bool HostEnd::take_reply(Frame& frame, Reader& in) {
    const auto delivery = in.number<std::uint64_t>();
    noa_outgoing answer{};
    answer.struct_size = sizeof answer;
    answer.content_type = to_str(in.text());
    const auto body = in.body();
    if (!in.complete()) {
        return false;
    }
    answer.body = {body.bytes.data(), body.bytes.size()};
    HostService::Loan loan(home_, body, frame, answer);
    if (!loan.good()) {
        return false;
    }
    window_.remove(delivery);
    const auto& host = home_.host();
    const auto status =
        loan.status() == NOA_OK ? host.reply(home_.context(), delivery, &answer) : loan.status();
    if (status == NOA_OK) {
        loan.taken();
    } else if (status != NOA_E_RETIRED) { // the runner has checked it: nobody else may wait for it
        static_cast<void>(host.settle(home_.context(), delivery, status, {}, 0));
    }
    return true;
}

bool HostEnd::take_settle(Reader& in) {
    const auto delivery = in.number<std::uint64_t>();
    const auto status = in.number<std::int32_t>();
    const auto retry_after_ms = in.number<std::uint32_t>();
    const auto is_defect = in.number<std::uint8_t>();
    const auto text = plugin::printable(in.text(), NOA_ERROR_TEXT_BYTES);
    if (!in.complete() || status > 0 || is_defect > 1) {
        return false;
    }
    window_.remove(delivery);
    static_cast<void>(
        home_.host().settle(home_.context(), delivery, status, to_str(text), retry_after_ms));
    if (is_defect != 0) {
        home_.defect(text);
    }
    return true;
}

bool HostEnd::take_escaped(Reader& in) {
    const auto so_far = in.number<std::uint64_t>();
    const auto function = plugin::printable(in.text(), 32);
    const auto text = plugin::printable(in.text(), NOA_ERROR_TEXT_BYTES);
    if (in.complete()) {
        home_.escaped(function, text, so_far);
    }
    return in.complete();
}

// The first one is the runner's own word; the plugin comes later, and is not believed.
bool HostEnd::take_confined(Frame& frame, Reader& in) {
    auto confined = read_confined(in);
    {
        const std::lock_guard lock(mutex_);
        if (!in.complete() || confined_) {
            return false;
        }
        confined_ = std::move(confined);
    }
    auto calls = frame.take_descriptor();
    return !calls || watch_calls(std::move(calls));
}

bool HostEnd::watch_calls(UniqueFd calls) {
    try {
        calls_ = std::make_unique<CallWatch>(
            home_, std::move(calls), process_->watch_fd(),
            CallWatch::Options{options_.agent, options_.reachable, options_.processes});
    } catch (const std::system_error& error) { // no more threads
        kill(std::string("nobody could answer its system calls: ") + error.what());
    }
    return calls_ != nullptr;
}

bool HostEnd::take_returned(Frame& frame, Reader& in) {
    const auto id = in.number<std::uint32_t>();
    const auto payload = in.rest();
    if (payload.empty()) {
        return false;
    }
    {
        const std::lock_guard lock(mutex_);
        awaits_state_ = false;
        if (id == 0 || id > last_call_) {
            return false;
        }
        if (id != awaited_ || returned_) {
            state_ = {};
            return true; // nobody waited so long
        }
        returned_.emplace();
        returned_->payload_ = payload;
        returned_->frame_ = std::move(frame);
        returned_->state_ = std::exchange(state_, plugin::SavedState());
    }
    changed_.notify_all();
    return true;
}

bool HostEnd::take_state(const Frame& frame) {
    {
        const std::lock_guard lock(mutex_);
        if (!awaits_state_) {
            return false;
        }
    }
    if (frame.payload.size() > options_.max_state - std::min(options_.max_state, state_.size())) {
        return false;
    }
    state_.append({reinterpret_cast<const std::byte*>(frame.payload.data()), frame.payload.size()});
    return true;
}

void HostEnd::finish(const ProcessEnd& end) {
    bool expected = false;
    RunnerEnd told{end, end.text()};
    {
        const std::lock_guard lock(mutex_);
        expected = end_expected_;
        if (!reason_.empty()) {
            told.reason = reason_;
        }
        told.stack = stack_;
        end_ = told;
    }
    changed_.notify_all();
    if (!expected) {
        home_.ended(told);
    }
}

} // namespace noa::link
