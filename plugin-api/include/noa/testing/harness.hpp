// Tests an agent in the test's own process: no daemon, no sockets, no waiting for time.
//
//     noa::testing::Harness agent(noa_plugin_entry_v1());
//     ASSERT_TRUE(agent.run(R"({"interval": "30s"})"));
//     EXPECT_EQ(agent.call("list").body, R"({"agents":[]})");
//     agent.advance(30s);
//     EXPECT_EQ(agent.published().back().subject, "heartbeat.beat.heartbeat");
//
// It drives the plugin's table as the host does, so that the contract itself is what is tested,
// and keeps what the agent does against it in violations(). It needs no test framework.
#pragma once

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "noa/testing/lifecycle.hpp"

namespace noa::testing {

// What a call may say beyond its body.
struct CallOptions {
    std::string from = "test";
    std::uint32_t priority = NOA_PRIORITY_NORMAL;
    std::uint32_t attempt = 1; // above 1 the message counts as redelivered
    bool no_reply = false;
    std::chrono::nanoseconds timeout{0}; // 0: no deadline
    std::string traceparent = {};
    std::string content_type = {};
    noa_delivery repeats = 0; // an earlier delivery: the same message, once more
};

// Every function on the thread that made the harness: that thread is the lane.
class Harness : public Lifecycle {
public:
    using Lifecycle::Lifecycle;

    // The steps of Lifecycle all at once: create, validate, commit, start. The first failure ends
    // it.
    Outcome run(std::string_view settings = "{}") {
        Outcome outcome = create();
        outcome = outcome ? configure(settings, false) : outcome;
        outcome = outcome ? configure(settings, true) : outcome;
        return outcome ? start() : outcome;
    }
    // As `run`, with the state, the sockets and the arena that another generation, in another
    // harness, leaves behind. Its clock goes on here, as it does within one host.
    Outcome run_after(Harness& old, std::string_view settings = "{}") {
        SavedState state;
        host_.now_ns = old.host().now_ns;
        host_.sockets = old.host().sockets;
        host_.arena = old.host().arena;
        host_.facts.generation = old.host().facts.generation + 1;
        Outcome outcome = create();
        outcome = outcome ? configure(settings, false) : outcome;
        outcome = outcome ? configure(settings, true) : outcome;
        outcome = outcome ? old.quiesce() : outcome;
        outcome = outcome ? old.save(state) : outcome;
        outcome = outcome && state.schema != 0 ? restore(state) : outcome;
        return outcome ? start() : outcome;
    }
    // The way back: this generation, quiesced before, takes over from one that had followed it.
    Outcome swap_back(Harness& successor) {
        SavedState state;
        host_.now_ns = successor.host().now_ns;
        Outcome outcome = successor.quiesce();
        outcome = outcome ? successor.save(state) : outcome;
        outcome = outcome && state.schema != 0 ? restore(state) : outcome;
        return outcome ? start() : outcome;
    }

    // A request, and whatever came of it without time passing. Not settled: it is deferred,
    // and answer(last_delivery()) will have it.
    Answer call(std::string_view operation, std::string_view body = {},
                const CallOptions& options = {}) {
        OwnedMessage message;
        message.subject = operation;
        message.body = body;
        message.from = options.from;
        message.priority = options.priority;
        message.attempt = options.attempt;
        message.traceparent = options.traceparent;
        message.content_type = options.content_type;
        message.number = options.repeats;
        if (options.timeout.count() > 0) {
            message.deadline_ns = host_.now_ns + options.timeout.count();
        }
        message.flags = (options.no_reply ? NOA_MESSAGE_NO_REPLY : 0) |
                        (options.attempt > 1 ? NOA_MESSAGE_REDELIVERED : 0);
        return deliver(std::move(message));
    }
    // An event, whether the agent subscribed to it or not: subscribed() tells.
    Answer event(std::string_view subject, std::string_view body = {},
                 std::string_view from = "test") {
        OwnedMessage message;
        message.kind = NOA_MESSAGE_EVENT;
        message.subject = subject;
        message.body = body;
        message.from = from;
        return deliver(std::move(message));
    }
    [[nodiscard]] noa_delivery last_delivery() const noexcept { return last_delivery_; }
    [[nodiscard]] Answer answer(noa_delivery delivery) {
        const FakeHost::Lock lock(host_.mutex);
        return host_.deliveries[delivery];
    }

    // Lets time pass: timers fire, requests expire, in order, and what follows is done.
    void advance(std::chrono::nanoseconds duration) {
        run_until_idle();
        const std::int64_t end = host_.now_ns + duration.count();
        for (std::int64_t next = next_due(); next <= end; next = next_due()) {
            set_now(std::max(host_.now_ns, next));
            expire_requests();
            fire_timers();
            run_until_idle();
        }
        set_now(end);
    }
    // Wakes, sockets that are ready and scripted replies, until there are none.
    void run_until_idle() {
        while (wake_one() || ready_one() || reply_one()) {}
    }
    // For agents with threads or sockets: runs until `done`, asleep in between. False after ten
    // seconds of real time, which only a defect takes.
    bool run_until(const std::function<bool()>& done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        for (;;) {
            host_.silence(); // before looking: what rings later ends the wait
            run_until_idle();
            if (done()) {
                return true;
            }
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                limit - std::chrono::steady_clock::now());
            if (left.count() <= 0) {
                return false;
            }
            look_at_descriptors(static_cast<int>(left.count()) + 1);
        }
    }

    // What others answer to the agent's requests. Without a script a request stays open, in
    // open_requests(), until it is answered by hand.
    using Script = std::function<Scripted(const Sent&)>;
    void on_request(std::string agent, std::string operation, Script script) {
        scripts_[{std::move(agent), std::move(operation)}] = std::move(script);
    }
    [[nodiscard]] const std::vector<Sent>& open_requests() const { return host_.requests; }
    void answer_request(std::uint64_t tag, const Scripted& scripted) {
        FakeHost::AtHand cause;
        std::erase_if(host_.requests, [&](const Sent& sent) {
            if (sent.tag == tag) {
                cause = {sent.cause_deadline_ns, sent.traceparent};
            }
            return sent.tag == tag;
        });
        OwnedMessage message;
        message.kind = scripted.status == NOA_OK ? NOA_MESSAGE_REPLY : NOA_MESSAGE_ERROR;
        message.status = scripted.status;
        message.body = scripted.body;
        message.content_type = scripted.content_type;
        const noa_message raw = message.raw();
        with_at_hand(raw, std::move(cause),
                     [&] { plugin_->on_reply(agent_, tag, scripted.status, &raw); });
        run_until_idle();
    }
    // The next send, request or publish is refused with this; or the one after some.
    void refuse_next(noa_status status, unsigned after = 0) {
        host_.refusal = status;
        host_.accept_before_refusal = after;
    }

    // What the agent did.
    [[nodiscard]] std::vector<Sent>& sent() { return host_.sent; }
    [[nodiscard]] std::vector<Sent>& published() { return host_.published; }
    [[nodiscard]] std::vector<LogLine>& logs() { return host_.logs; }
    [[nodiscard]] bool subscribed(const std::string& pattern) const {
        return host_.subscriptions.contains(pattern);
    }
    [[nodiscard]] std::size_t timers() const { return host_.timers.size(); }
    [[nodiscard]] std::size_t taken_back() const { return host_.taken_back.size(); }
    [[nodiscard]] const std::vector<std::string>& violations() const { return host_.violations; }
    [[nodiscard]] std::int64_t now_ns() const { return host_.now_ns; }
    // A directory of the test's; without it the harness makes one, and removes it.
    void set_state_dir(std::string path) { host_.state_path = std::move(path); }

private:
    Answer deliver(OwnedMessage message) {
        const noa_delivery delivery = last_delivery_ = ++next_delivery_;
        message.number = message.number != 0 ? message.number : delivery;
        message.to = message.kind == NOA_MESSAGE_REQUEST ? host_.name : "";
        {
            const FakeHost::Lock lock(host_.mutex);
            host_.deliveries[delivery] = {};
        }
        noa_error error{};
        error.struct_size = sizeof error;
        const noa_message raw = message.raw();
        noa_status status = NOA_OK;
        with_at_hand(raw, {message.deadline_ns, message.traceparent},
                     [&] { status = plugin_->handle(agent_, &raw, delivery, &error); });
        if (status != NOA_DEFERRED) {
            const FakeHost::Lock lock(host_.mutex);
            if (Answer& slot = host_.deliveries[delivery]; !slot.settled) {
                error.text[sizeof error.text - 1] = '\0';
                slot = {true, status, {}, {}, status == NOA_OK ? "" : error.text, 0};
            }
        }
        run_until_idle();
        return answer(delivery);
    }

    // What the agent sends meanwhile inherits from `raw`, and `raw` it may keep.
    template <class F>
    void with_at_hand(const noa_message& raw, FakeHost::AtHand cause, F&& call) {
        host_.kept_from = &raw;
        host_.at_hand = std::move(cause);
        call();
        host_.at_hand = {};
        host_.kept_from = nullptr;
    }

    bool wake_one() {
        std::uint64_t tag = 0;
        {
            const FakeHost::Lock lock(host_.mutex);
            if (host_.wakes.empty()) {
                return false;
            }
            tag = host_.wakes.front();
            host_.wakes.pop_front();
        }
        plugin_->on_wake(agent_, tag);
        return true;
    }
    // Waits for the bell or a watched descriptor, `patience_ms` at most; which are ready.
    std::vector<pollfd> look_at_descriptors(int patience_ms) {
        std::vector<pollfd> all{{host_.bell(), POLLIN, 0}};
        for (const auto& [fd, watch] : host_.watches) {
            const int wanted = ((watch.events & NOA_READY_READ) != 0 ? POLLIN | POLLRDHUP : 0) |
                               ((watch.events & NOA_READY_WRITE) != 0 ? POLLOUT : 0);
            all.push_back({fd, static_cast<short>(wanted), 0});
        }
        ::poll(all.data(), all.size(), patience_ms);
        return all;
    }
    bool ready_one() {
        if (host_.watches.empty()) {
            return false;
        }
        for (const pollfd& one : look_at_descriptors(0)) {
            const auto found = host_.watches.find(one.fd);
            if (one.revents == 0 || found == host_.watches.end()) {
                continue;
            }
            const int closed = POLLHUP | POLLERR | POLLRDHUP;
            const std::uint32_t events = ((one.revents & POLLIN) != 0 ? NOA_READY_READ : 0U) |
                                         ((one.revents & POLLOUT) != 0 ? NOA_READY_WRITE : 0U) |
                                         ((one.revents & closed) != 0 ? NOA_READY_CLOSED : 0U);
            const std::uint64_t tag = found->second.tag;
            host_.watches.erase(found); // once
            offered<noa_listener_plugin>(NOA_LISTENER_ID)->on_ready(agent_, tag, events);
            return true;
        }
        return false;
    }
    bool reply_one() {
        for (const Sent& open : host_.requests) {
            if (const auto found = scripts_.find({open.to, open.subject});
                found != scripts_.end()) {
                const Sent sent = open;
                answer_request(sent.tag, found->second(sent));
                return true;
            }
        }
        return false;
    }

    void set_now(std::int64_t now) {
        const FakeHost::Lock lock(host_.mutex);
        host_.now_ns = now;
    }
    [[nodiscard]] std::int64_t next_due() const {
        std::int64_t next = INT64_MAX;
        for (const auto& [tag, timer] : host_.timers) {
            next = std::min(next, timer.due_ns);
        }
        for (const Sent& open : host_.requests) {
            next = open.deadline_ns != 0 ? std::min(next, open.deadline_ns) : next;
        }
        return next;
    }
    void expire_requests() {
        std::vector<std::uint64_t> expired;
        std::erase_if(host_.requests, [&](const Sent& open) {
            const bool over = open.deadline_ns != 0 && open.deadline_ns <= host_.now_ns;
            if (over) {
                expired.push_back(open.tag);
            }
            return over;
        });
        for (const std::uint64_t tag : expired) {
            plugin_->on_reply(agent_, tag, NOA_E_EXPIRED, nullptr);
        }
    }
    void fire_timers() {
        const auto* contract = offered<noa_timer_plugin>(NOA_TIMER_ID);
        std::vector<std::uint64_t> due;
        for (const auto& [tag, timer] : host_.timers) {
            if (timer.due_ns <= host_.now_ns) {
                due.push_back(tag);
            }
        }
        for (const std::uint64_t tag : due) {
            const auto found = host_.timers.find(tag);
            if (found == host_.timers.end() || found->second.due_ns > host_.now_ns) {
                continue; // cancelled or armed anew by an earlier one
            }
            if (found->second.period_ns > 0) {
                found->second.due_ns = host_.now_ns + found->second.period_ns;
            } else {
                host_.timers.erase(found);
            }
            contract->on_timer(agent_, tag);
        }
    }

    noa_delivery next_delivery_ = 0;
    noa_delivery last_delivery_ = 0;
    std::map<std::pair<std::string, std::string>, Script> scripts_;
};

} // namespace noa::testing
