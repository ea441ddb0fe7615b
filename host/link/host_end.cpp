#include "link/host_end.hpp"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <csignal>

#include "base/clock.hpp"

namespace noa::link {

namespace {

void limit_send(int fd, std::chrono::milliseconds time) {
    const timeval limit{time.count() / 1000, (time.count() % 1000) * 1000};
    static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
}

} // namespace

HostEnd::HostEnd(Home& home, Process::Started started, LanePage page, const Options& options)
    : home_(home), options_(options), process_(std::move(started.process)),
      output_fd_(std::move(started.output)), channel_(std::move(started.link)),
      service_(home, channel_, options.tag_bits),
      window_({}, [this](bool full) { home_.hold(full); }), page_(std::move(page)),
      output_([this](std::string_view line) { home_.output(line, 0); }),
      heartbeat_(std::chrono::nanoseconds(options.stall_limit).count()) {
    limit_send(channel_.fd(), options_.stall_limit);
    thread_ = std::thread([this] { run(); });
    pthread_setname_np(thread_.native_handle(), ("link:" + options_.agent.substr(0, 10)).c_str());
}

HostEnd::~HostEnd() {
    expect_end();
    kill("");
    thread_.join();
}

std::uint32_t HostEnd::begin_call() {
    const std::lock_guard lock(mutex_);
    awaited_ = ++last_call_;
    awaits_state_ = true;
    returned_.reset();
    return awaited_;
}

Failure HostEnd::gone() const {
    return fail(Errc::unavailable, "ask the plugin", options_.agent,
                "its process ended: " + end_->reason);
}

Result<HostEnd::Returned> HostEnd::finish_call(std::uint32_t id, std::chrono::nanoseconds timeout,
                                               bool fits) {
    if (!fits) {
        return fail(Errc::internal, "ask the plugin", options_.agent,
                    "what it is to be told does not fit into a frame of the link");
    }
    flush();
    const auto until = std::chrono::steady_clock::now() + timeout;
    std::unique_lock lock(mutex_);
    while (true) {
        if (!lane_frames_.empty()) { // came before what is waited for
            auto asked = std::move(lane_frames_.front());
            lane_frames_.pop_front();
            lock.unlock();
            serve(asked);
            lock.lock();
        } else if (returned_ || end_) {
            break;
        } else if (changed_.wait_until(lock, until) == std::cv_status::timeout && !returned_ &&
                   !end_ && lane_frames_.empty()) {
            awaited_ = 0;
            const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count();
            return fail(Errc::timed_out, "ask the plugin", options_.agent,
                        "call " + std::to_string(id) + " did not return within " +
                            std::to_string(ms) + " ms");
        }
    }
    awaited_ = 0;
    if (!returned_) {
        return gone();
    }
    auto returned = std::move(*returned_);
    returned_.reset();
    lock.unlock();
    Reader in(returned.payload_);
    if (in.number<std::uint8_t>() == 0) {
        return Failure(read_error(in));
    }
    returned.payload_.erase(0, 1);
    return returned;
}

void HostEnd::flush() {
    if (channel_.send(true) == Channel::Sent::broken && !process_->wait({})) {
        kill("it does not read what it is sent");
    }
}

// What was asked while the lane was not waiting in a call.
void HostEnd::serve_lane() {
    while (true) {
        std::unique_lock lock(mutex_);
        if (lane_frames_.empty()) {
            return;
        }
        auto asked = std::move(lane_frames_.front());
        lane_frames_.pop_front();
        lock.unlock();
        serve(asked);
    }
}

void HostEnd::serve(LaneFrame& asked) {
    Reader in(asked.payload);
    const bool sound = asked.kind == Kind::log
                           ? service_.log(in)
                           : service_.ask(asked.id, asked.function, in, asked.frame);
    if (!sound) {
        kill("garbage on the link: an ask that is none");
    }
    flush();
}

void HostEnd::enqueue(LaneFrame asked) {
    {
        const std::lock_guard lock(mutex_);
        if (lane_frames_.size() >= lane_frames_max) {
            return; // its caller does not wait for the answers: no runner of ours
        }
        lane_frames_.push_back(std::move(asked));
    }
    changed_.notify_all();
    home_.post([this] { serve_lane(); });
}

bool HostEnd::has_ended() const {
    const std::lock_guard lock(mutex_);
    return end_.has_value();
}

void HostEnd::expect_end() {
    const std::lock_guard lock(mutex_);
    end_expected_ = true;
}

void HostEnd::kill(const std::string& reason) {
    {
        const std::lock_guard lock(mutex_);
        if (reason_.empty()) {
            reason_ = reason;
        }
    }
    process_->signal_group(SIGKILL);
}

bool HostEnd::end(std::chrono::milliseconds patience, bool goes_by_itself) {
    expect_end();
    if (goes_by_itself && process_->wait(patience)) {
        return false;
    }
    process_->signal_group(SIGTERM);
    if (process_->wait(patience)) {
        return false;
    }
    process_->signal_group(SIGKILL);
    return true;
}

} // namespace noa::link
