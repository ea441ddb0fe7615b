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

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "noa/testing/fake_host.hpp"

namespace noa::testing {

// What a call may say beyond its body.
struct CallOptions {
    std::string from = "test";
    std::uint32_t priority = NOA_PRIORITY_NORMAL;
    std::uint32_t attempt = 1; // above 1 the message counts as redelivered
    bool no_reply = false;
};

// Every function on the thread that made the harness: that thread is the lane.
class Harness {
public:
    explicit Harness(const noa_plugin* plugin) : plugin_(plugin), host_(plugin->id) {}
    Harness(const Harness&) = delete;
    Harness& operator=(const Harness&) = delete;
    ~Harness() { destroy(); }

    // Life, one step at a time …
    Outcome create() {
        return step([&](noa_error* error) {
            return plugin_->create(&host_.table(), host_.context(), &agent_, error);
        });
    }
    Outcome configure(std::string_view settings, bool commit) {
        if (plugin_->configure == nullptr) {
            return {};
        }
        return step([&](noa_error* error) {
            return plugin_->configure(agent_, {settings.data(), settings.size()}, commit ? 1 : 0,
                                      error);
        });
    }
    Outcome start() {
        host_.leased = true;
        host_.quiesced = false;
        Outcome outcome = plugin_->start == nullptr ? Outcome() : step([&](noa_error* error) {
            return plugin_->start(agent_, error);
        });
        host_.leased = static_cast<bool>(outcome);
        return outcome;
    }
    // What is still deferred afterwards is taken back: see taken_back().
    Outcome quiesce(std::chrono::nanoseconds within = std::chrono::seconds(5)) {
        Outcome outcome = plugin_->quiesce == nullptr ? Outcome() : step([&](noa_error* error) {
            return plugin_->quiesce(agent_, host_.now_ns + within.count(), error);
        });
        if (outcome) {
            host_.quiesced = true;
            host_.leased = false;
            host_.timers.clear();
            for (const auto& [delivery, answer] : host_.deliveries) {
                if (!answer.settled) {
                    host_.taken_back.insert(delivery);
                }
            }
        }
        return outcome;
    }
    Outcome save(SavedState& state) {
        state = {plugin_->state_schema, {}};
        if (plugin_->save == nullptr) {
            return {};
        }
        return step([&](noa_error* error) {
            const noa_sink sink = sink_to(state.bytes);
            return plugin_->save(agent_, &sink, error);
        });
    }
    Outcome restore(const SavedState& state) {
        if (plugin_->restore == nullptr) {
            return {};
        }
        return step([&](noa_error* error) {
            Reading reading{&state.bytes, 0};
            const noa_source source{sizeof(noa_source), state.schema, state.bytes.size(), &reading,
                                    read};
            return plugin_->restore(agent_, &source, error);
        });
    }
    void confirm() {
        if (plugin_->confirm != nullptr) {
            plugin_->confirm(agent_);
        }
    }
    void destroy() {
        if (agent_ != nullptr) {
            plugin_->destroy(std::exchange(agent_, nullptr));
            host_.retired = true;
        }
    }

    // … or all at once: create, validate, commit, start. The first failure ends it.
    Outcome run(std::string_view settings = "{}") {
        Outcome outcome = create();
        outcome = outcome ? configure(settings, false) : outcome;
        outcome = outcome ? configure(settings, true) : outcome;
        return outcome ? start() : outcome;
    }
    // As `run`, with the state that another generation, in another harness, leaves behind. Its
    // clock goes on here, as it does within one host.
    Outcome run_after(Harness& old, std::string_view settings = "{}") {
        SavedState state;
        host_.now_ns = old.host_.now_ns;
        Outcome outcome = create();
        outcome = outcome ? configure(settings, false) : outcome;
        outcome = outcome ? configure(settings, true) : outcome;
        outcome = outcome ? old.quiesce() : outcome;
        outcome = outcome ? old.save(state) : outcome;
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
    // Wakes and scripted replies, until there are none.
    void run_until_idle() {
        while (wake_one() || reply_one()) {}
    }
    // For agents with threads: runs until `done`, asleep in between. False after ten seconds
    // of real time, which only a defect takes.
    bool run_until(const std::function<bool()>& done) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        for (;;) {
            run_until_idle();
            if (done()) {
                return true;
            }
            std::unique_lock lock(host_.mutex);
            if (!host_.changed.wait_until(lock, limit, [this] { return !host_.wakes.empty(); })) {
                return false;
            }
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
        std::erase_if(host_.requests, [tag](const Sent& sent) { return sent.tag == tag; });
        OwnedMessage message;
        message.kind = scripted.status == NOA_OK ? NOA_MESSAGE_REPLY : NOA_MESSAGE_ERROR;
        message.status = scripted.status;
        message.body = scripted.body;
        message.content_type = scripted.content_type;
        const noa_message raw = message.raw();
        plugin_->on_reply(agent_, tag, scripted.status, &raw);
        run_until_idle();
    }
    // The next send, request or publish is refused with this.
    void refuse_next(noa_status status) { host_.refusal = status; }

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

    // What it tells about itself: JSON.
    [[nodiscard]] std::string health() { return ask(&noa_inspect_plugin::health); }
    [[nodiscard]] std::string metrics() { return ask(&noa_inspect_plugin::metrics); }
    [[nodiscard]] std::string describe() { return ask(&noa_inspect_plugin::describe); }

    [[nodiscard]] FakeHost& host() noexcept { return host_; }

private:
    struct Reading {
        const std::string* bytes;
        std::size_t position;
    };

    template <class F>
    Outcome step(F&& run_step) {
        noa_error error{};
        error.struct_size = sizeof error;
        const noa_status status = run_step(&error);
        error.text[sizeof error.text - 1] = '\0';
        return {status, error.text};
    }

    Answer deliver(OwnedMessage message) {
        const noa_delivery delivery = last_delivery_ = ++next_delivery_;
        message.number = delivery;
        message.to = message.kind == NOA_MESSAGE_REQUEST ? host_.name : "";
        {
            const FakeHost::Lock lock(host_.mutex);
            host_.deliveries[delivery] = {};
        }
        noa_error error{};
        error.struct_size = sizeof error;
        const noa_message raw = message.raw();
        const noa_status status = plugin_->handle(agent_, &raw, delivery, &error);
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
        const auto* contract =
            static_cast<const noa_timer_plugin*>(plugin_->extension(NOA_TIMER_ID));
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

    using Question = noa_status (*noa_inspect_plugin::*)(noa_agent*, const noa_sink*, noa_error*);
    std::string ask(Question question) {
        std::string text;
        const auto* contract =
            static_cast<const noa_inspect_plugin*>(plugin_->extension(NOA_INSPECT_ID));
        if (contract != nullptr && contract->*question != nullptr) {
            const noa_sink sink = sink_to(text);
            step([&](noa_error* error) { return (contract->*question)(agent_, &sink, error); });
        }
        return text;
    }

    static noa_sink sink_to(std::string& bytes) { return {sizeof(noa_sink), 0, &bytes, write}; }
    static std::int32_t write(const noa_sink* sink, const void* data, std::uint64_t size) {
        static_cast<std::string*>(sink->state)->append(static_cast<const char*>(data), size);
        return NOA_OK;
    }
    static std::int32_t read(const noa_source* source, void* buffer, std::uint64_t capacity,
                             std::uint64_t* ret_size) {
        auto& reading = *static_cast<Reading*>(source->state);
        const std::size_t size =
            std::min<std::size_t>(capacity, reading.bytes->size() - reading.position);
        std::memcpy(buffer, reading.bytes->data() + reading.position, size);
        reading.position += size;
        *ret_size = size;
        return NOA_OK;
    }

    const noa_plugin* plugin_;
    FakeHost host_;
    noa_agent* agent_ = nullptr;
    noa_delivery next_delivery_ = 0;
    noa_delivery last_delivery_ = 0;
    std::map<std::pair<std::string, std::string>, Script> scripts_;
};

} // namespace noa::testing
