// The host's end of a link: calls to the runner from the lane, and one thread that reads what the
// runner says, until the runner has ended.
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "link/call_watch.hpp"
#include "link/confinement.hpp"
#include "link/heartbeat.hpp"
#include "link/host_service.hpp"
#include "link/lane_page.hpp"
#include "link/output.hpp"
#include "link/window.hpp"
#include "plugin/saved_state.hpp"

namespace noa::link {

class HostEnd {
public:
    struct Options {
        std::string agent;
        std::chrono::milliseconds stall_limit{30'000}; // of one call into the plugin
        std::uint64_t max_state = 0;                   // bytes that a save may send
        std::uint64_t tag_bits = 0;                    // of its requests, over its serial numbers
        std::vector<Reachable> reachable{};            // files, when it is in a sandbox
        bool processes = true;                         // it may start some
    };
    HostEnd(Home& home, Process::Started started, LanePage page, const Options& options);
    ~HostEnd(); // kills what has not ended
    HostEnd(const HostEnd&) = delete;
    HostEnd& operator=(const HostEnd&) = delete;

    // What a call was answered with.
    class Returned {
    public:
        [[nodiscard]] Reader reader() const noexcept { return Reader(payload_); }
        [[nodiscard]] UniqueFd take_descriptor() noexcept { return frame_.take_descriptor(); }
        [[nodiscard]] plugin::SavedState& state() noexcept { return state_; }

    private:
        friend class HostEnd;
        std::string payload_;
        Frame frame_;
        plugin::SavedState state_;
    };
    // [lane] Has the runner do `function` and waits, at most `timeout`; does what the runner asks
    // of the lane meanwhile. An Error also when the plugin's function failed, or the runner ended.
    template <class Fill>
    [[nodiscard]] Result<Returned> call(Call function, std::chrono::nanoseconds timeout,
                                        Fill&& fill) {
        const auto id = begin_call();
        const bool fits = channel_.put(Kind::call, [&](Writer& out) {
            out.number(id);
            out.number(function);
            fill(out);
        });
        return finish_call(id, timeout, fits);
    }
    // [lane] Sent with what follows, or by flush.
    template <class Fill>
    bool put(Kind kind, Fill&& fill) {
        return channel_.put(kind, std::forward<Fill>(fill));
    }
    void flush();
    [[nodiscard]] std::size_t waiting() const noexcept { return channel_.waiting(); }

    [[nodiscard]] Window& window() noexcept { return window_; }
    // Whether the runner may have begun with it.
    [[nodiscard]] bool may_have_begun(std::uint64_t delivery) const {
        return !window_.contains(delivery) || page_.look().delivery == delivery;
    }
    [[nodiscard]] std::size_t open_count() const { return window_.count(); }
    // What the runner has said of its limits, before it loaded the plugin.
    [[nodiscard]] Confined confined() const {
        const std::lock_guard lock(mutex_);
        return confined_.value_or(Confined{});
    }
    [[nodiscard]] pid_t pid() const noexcept { return process_->pid(); }
    [[nodiscard]] bool has_ended() const;
    // [any thread] The end is no surprise from here on: nobody is told. What the runner asks and
    // logs meanwhile is done by the lane, in its calls.
    void expect_end();
    // [any thread] Ends it at once. `reason` is what its end is put down to.
    void kill(const std::string& reason);
    // [any thread but the reader's] Whether it has come to its end, `patience` at most.
    [[nodiscard]] bool await_end(std::chrono::milliseconds patience) {
        return process_->wait(patience);
    }
    // [any thread but the reader's] Waits for its end by itself, if it is to come, then asks the
    // group to end, then kills it. Whether it had to be killed.
    [[nodiscard]] bool end(std::chrono::milliseconds patience, bool goes_by_itself);

private:
    struct LaneFrame { // what waits for the lane
        Kind kind{};
        std::uint32_t id = 0;
        Ask function{};
        std::string payload;
        Frame frame;
    };
    static constexpr std::size_t lane_frames_max = 1024;

    [[nodiscard]] std::uint32_t begin_call();
    [[nodiscard]] Result<Returned> finish_call(std::uint32_t id, std::chrono::nanoseconds timeout,
                                               bool fits);
    void serve_lane();
    void serve(LaneFrame& asked);
    [[nodiscard]] Failure gone() const; // [mutex held]

    void run();
    [[nodiscard]] bool turn();
    [[nodiscard]] Channel::Got read_link();
    [[nodiscard]] bool take_all();
    void read_output();
    void tell_dropped();
    [[nodiscard]] bool look_for_stall();
    [[nodiscard]] bool is_awaited() const;
    void hear_where_it_is();
    [[nodiscard]] bool take(Frame& frame);
    [[nodiscard]] bool take_ask(Frame& frame, Reader& in);
    [[nodiscard]] bool take_reply(Frame& frame, Reader& in);
    [[nodiscard]] bool take_settle(Reader& in);
    [[nodiscard]] bool take_escaped(Reader& in);
    [[nodiscard]] bool take_confined(Frame& frame, Reader& in);
    [[nodiscard]] bool watch_calls(UniqueFd calls);
    [[nodiscard]] bool take_returned(Frame& frame, Reader& in);
    [[nodiscard]] bool take_state(const Frame& frame);
    void enqueue(LaneFrame asked);
    void finish(const ProcessEnd& end);

    Home& home_;
    const Options options_;
    std::unique_ptr<Process> process_;
    UniqueFd output_fd_;
    Channel channel_;
    HostService service_;
    Window window_;
    LanePage page_;
    Output output_;

    // the reader's
    std::int64_t look_at_ns_ = 0;
    Heartbeat heartbeat_;
    plugin::SavedState state_;
    std::unique_ptr<CallWatch> calls_; // while there are any to be answered

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    // under mutex_
    std::uint32_t last_call_ = 0;
    std::uint32_t awaited_ = 0; // the call that is waited for; 0: none
    bool awaits_state_ = false;
    std::optional<Returned> returned_;
    std::deque<LaneFrame> lane_frames_;
    bool end_expected_ = false;
    std::string reason_; // why it was killed
    std::optional<RunnerEnd> end_;
    std::optional<Confined> confined_;

    std::vector<std::string> stack_; // the link's thread's

    std::thread thread_; // last: it uses everything above
};

} // namespace noa::link
