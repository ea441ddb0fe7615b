// What the tests of the bus share: agents whose behaviour is a lambda, and waiting without sleep.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/clock.hpp"
#include "bus/lane.hpp"

namespace noa::bus::testing {

// Far beyond any honest wait, on a loaded machine and under a sanitizer: reached by a defect.
constexpr std::chrono::seconds patience{90};
constexpr std::int64_t one_hour_ns = 3'600'000'000'000;

// Happens once.
class Event {
public:
    void set() {
        const std::lock_guard lock(mutex_);
        is_set_ = true;
        changed_.notify_all();
    }
    [[nodiscard]] bool wait() {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [this] { return is_set_; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_set_ = false;
};

// What several threads put in and a test waits for.
template <class T>
class Gathered {
public:
    void add(T value) {
        const std::lock_guard lock(mutex_);
        values_.push_back(std::move(value));
        changed_.notify_all();
    }
    // Until there are `count`; false when patience runs out.
    [[nodiscard]] bool wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return values_.size() >= count; });
    }
    [[nodiscard]] std::vector<T> all() const {
        const std::lock_guard lock(mutex_);
        return values_;
    }
    [[nodiscard]] T at(std::size_t index) const {
        const std::lock_guard lock(mutex_);
        return values_.at(index);
    }
    [[nodiscard]] std::size_t size() const {
        const std::lock_guard lock(mutex_);
        return values_.size();
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<T> values_;
};

// A message that outlives its delivery.
struct Mail {
    noa_message head{}; // its views point nowhere any more
    noa_delivery delivery = 0;
    std::string from;
    std::string to;
    std::string subject;
    std::string content_type;
    std::string traceparent;
    std::string body;
    const void* body_at = nullptr;

    [[nodiscard]] bool is_redelivered() const {
        return (head.flags & NOA_MESSAGE_REDELIVERED) != 0;
    }
};

inline std::string text_of(const noa_bytes& bytes) {
    return bytes.size == 0 ? std::string()
                           : std::string(static_cast<const char*>(bytes.data), bytes.size);
}

inline Mail copy_of(const noa_message& message, noa_delivery delivery) {
    return {message,
            delivery,
            std::string(view(message.from)),
            std::string(view(message.to)),
            std::string(view(message.subject)),
            std::string(view(message.content_type)),
            std::string(view(message.traceparent)),
            text_of(message.body),
            message.body.data};
}

// The end of a request.
struct Answer {
    std::uint64_t tag = 0;
    noa_status status = NOA_OK;
    std::string body;
    std::string from;
    bool has_message = false;
};

// A handler whose parts are set before it is attached. What it got is kept for the test.
class Script final : public Handler {
public:
    std::function<noa_status(const noa_message&, noa_delivery, noa_error&)> on_message;
    std::function<void(std::uint64_t, noa_status, const noa_message*)> on_answer;
    std::function<void(std::uint64_t)> woken;
    std::function<void(std::uint64_t)> timer;
    std::function<void(std::uint64_t, std::uint32_t)> ready;
    std::function<Result<std::string>(std::string_view)> inspected;
    bool keeps_mail = true;

    Gathered<Mail> mail;
    Gathered<Answer> answers;
    Gathered<std::uint64_t> wakes;

    [[nodiscard]] noa_status handle(const noa_message& message, noa_delivery delivery,
                                    noa_error& error) noexcept override {
        if (!keeps_mail) {
            return on_message(message, delivery, error);
        }
        auto copy = copy_of(message, delivery);
        const auto status = on_message ? on_message(message, delivery, error) : NOA_OK;
        mail.add(std::move(copy));
        return status;
    }
    void on_reply(std::uint64_t tag, noa_status status,
                  const noa_message* message) noexcept override {
        if (on_answer) {
            on_answer(tag, status, message);
        }
        if (message != nullptr) {
            answers.add(
                {tag, status, text_of(message->body), std::string(view(message->from)), true});
        } else {
            answers.add({tag, status, {}, {}, false});
        }
    }
    void on_wake(std::uint64_t tag) noexcept override {
        if (woken) {
            woken(tag);
        }
        wakes.add(tag);
    }
    void on_timer(std::uint64_t tag) noexcept override {
        if (timer) {
            timer(tag);
        }
    }
    void on_ready(std::uint64_t tag, std::uint32_t events) noexcept override {
        if (ready) {
            ready(tag, events);
        }
    }
    [[nodiscard]] Result<std::string> inspect(std::string_view operation) noexcept override {
        return inspected ? inspected(operation) : Result<std::string>("{}");
    }
};

// Views must outlive the use of what this returns.
inline noa_outgoing outgoing(std::string_view to, std::string_view subject,
                             std::string_view body = {}) {
    noa_outgoing message{};
    message.struct_size = sizeof message;
    message.to_name = to_str(to);
    message.subject = to_str(subject);
    message.body = {body.data(), body.size()};
    return message;
}

inline noa_receipt empty_receipt() {
    noa_receipt receipt{};
    receipt.struct_size = sizeof receipt;
    return receipt;
}

// What a test cannot go on without.
template <class T>
T must(Result<T> result) {
    if (!result) {
        ADD_FAILURE() << result.error().text();
        std::abort();
    }
    if constexpr (!std::is_void_v<T>) {
        return std::move(*result);
    }
}

inline std::unique_ptr<Bus> open_bus(const BusOptions& options = {}) {
    return must(Bus::open(options));
}

// Runs `task` on the lane and waits for its end.
inline void on_lane(Lane& lane, const std::function<void()>& task) {
    std::promise<void> done;
    auto future = done.get_future();
    ASSERT_TRUE(lane.post([&] {
        task();
        done.set_value();
    }));
    if (future.wait_for(patience) != std::future_status::ready) {
        ADD_FAILURE() << "the lane does not run what was posted";
        std::abort(); // `task` is used by a thread that will not end
    }
}

// A name, its inbox and one lane. Started: attached, and the inbox open.
class Agent {
public:
    Agent(Bus& bus, const std::string& name, const LaneOptions& options = {})
        : bus_(bus), endpoint_(*bus.routes().resolve(name)) {
        must(bus.open_inbox(endpoint_));
        lane_ = must(Lane::open(bus, endpoint_, options, name));
    }
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;
    ~Agent() { stop(); }

    void start() {
        attach();
        inbox().set_state(Inbox::State::open);
    }
    void attach() {
        on_lane(*lane_, [this] { lane_->attach(script); });
    }
    void detach() {
        on_lane(*lane_, [this] { lane_->detach(); });
    }
    // Whatever waits in the inbox stays there.
    void stop() {
        if (lane_->post([this] {
                inbox().set_state(Inbox::State::stopped);
                lane_->forget();
                lane_->detach();
            })) {
            lane_->join();
        }
    }

    [[nodiscard]] noa_status send(std::string_view to, std::string_view subject,
                                  std::string_view body = {},
                                  std::uint32_t priority = NOA_PRIORITY_NORMAL) {
        auto message = outgoing(to, subject, body);
        message.priority = priority;
        return lane_->send(message, nullptr);
    }
    [[nodiscard]] noa_status request(std::string_view to, std::string_view subject,
                                     std::uint64_t tag, std::string_view body = {}) {
        return lane_->request(outgoing(to, subject, body), tag, nullptr);
    }
    [[nodiscard]] noa_status reply(noa_delivery delivery, std::string_view body) {
        return lane_->reply(delivery, outgoing({}, {}, body));
    }
    // Waits until nothing is unsettled.
    void wait_until_empty() {
        Event empty;
        on_lane(*lane_, [&] { lane_->when_empty([&] { empty.set(); }); });
        ASSERT_TRUE(empty.wait()) << depth() << " unsettled";
    }
    void subscribe(std::string_view pattern) {
        ASSERT_EQ(bus_.subscriptions().add(endpoint_, lane_->options().owner, pattern), NOA_OK);
    }

    [[nodiscard]] Lane& lane() { return *lane_; }
    [[nodiscard]] Endpoint& endpoint() { return endpoint_; }
    [[nodiscard]] Inbox& inbox() { return endpoint_.inbox(); }
    [[nodiscard]] std::uint64_t depth() { return inbox().depth(); }

    Script script;

private:
    Bus& bus_;
    Endpoint& endpoint_;
    std::unique_ptr<Lane> lane_; // last: it calls the script
};

// Keeps an agent's lane inside handle with its first message, so that the rest queues up.
class Blockade {
public:
    explicit Blockade(Agent& agent) {
        agent.script.on_message = [gate = gate_](const noa_message& message, noa_delivery,
                                                 noa_error&) {
            if (view(message.subject) == "block") {
                gate->entered.set();
                EXPECT_TRUE(gate->released.wait());
            }
            return NOA_OK;
        };
    }
    Blockade(const Blockade&) = delete;
    Blockade& operator=(const Blockade&) = delete;
    ~Blockade() { release(); }

    // `from` sends the message that blocks.
    void close(Agent& from, const std::string& to) {
        ASSERT_EQ(from.send(to, "block"), NOA_OK);
        ASSERT_TRUE(gate_->entered.wait());
    }
    void release() { gate_->released.set(); }

private:
    struct Gate {
        Event entered;
        Event released;
    };
    // This and the agent's script, whose lane may still stand at it when this is gone.
    std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
};

// One bus for one test.
class BusTest : public ::testing::Test {
protected:
    std::unique_ptr<Bus> bus_ = open_bus();
};

} // namespace noa::bus::testing
