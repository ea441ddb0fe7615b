// Requests to other agents. Nothing waits: the end of a request is a call on the lane.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "noa/sdk/breaker.hpp"
#include "noa/sdk/codec.hpp"
#include "noa/sdk/dispatch.hpp"
#include "noa/sdk/facts.hpp"
#include "noa/sdk/function.hpp"
#include "noa/sdk/host.hpp"
#include "noa/sdk/retry.hpp"
#include "noa/sdk/slots.hpp"
#include "noa/sdk/timers.hpp"

namespace noa::sdk {

using Continuation = Function<void(const Reply&)>;

// What is asked, in views.
struct Question {
    Peer to;
    std::string_view operation;
    Body body;
    SendOptions options;
    CircuitBreaker* breaker = nullptr;
};

// What a request inherits from the message at hand.
struct AtHand {
    std::int64_t deadline_ns = 0; // 0: none
    std::string_view traceparent;
};

// What is still open.  [lane] every function.
class Requests {
public:
    Requests(const Host& host, Timers& timers) : host_(&host), timers_(&timers) {}

    // `then` is called exactly once; at once, before this returns, when the host refuses.
    void begin(const Question& question, Continuation then) {
        if (!is_on_lane()) {
            return;
        }
        const Refusal refusal = submit(question, then);
        if (refusal.status == NOA_E_STATE) {
            // The host prepares for quiesce. Either that is called off, or the next generation
            // gets what this is for.
            wait(store(question, {.attempts = 1}, std::move(then)), while_stopping);
        } else if (refusal.status != NOA_OK) {
            then(Reply(refusal.status, refusal.text, refusal.retry_after));
        }
    }
    // The same, made again as `policy` says.
    void begin(const Question& question, const RetryPolicy& policy, Continuation then) {
        if (is_on_lane()) {
            attempt(store(question, policy, std::move(then)));
        }
    }

    void finish(std::uint64_t tag, noa_status status, const noa_message* message) {
        Open open = open_.take(tag);
        if (!open.then) {
            return;
        }
        leave(open, status);
        const Handling handling(
            *this, {open.deadline_ns, message != nullptr ? view(message->traceparent) : ""});
        open.then(Reply(status, message));
    }

    // For the length of a call: what requests made meanwhile inherit.
    class Handling {
    public:
        Handling(Requests& requests, AtHand at_hand) noexcept
            : requests_(&requests), before_(std::exchange(requests.at_hand_, at_hand)) {}
        Handling(const Handling&) = delete;
        Handling& operator=(const Handling&) = delete;
        ~Handling() { requests_->at_hand_ = before_; }

    private:
        Requests* requests_;
        AtHand before_;
    };

    [[nodiscard]] std::size_t open() const noexcept { return open_.size() + stored_.size(); }
    // After a quiesce that was undone: its timers are gone.
    void resume() {
        stored_.each_tag([this](std::uint64_t id) {
            if (!(*stored_.find(id))->under_way) {
                wait(id, Duration::zero());
            }
        });
    }
    void clear() noexcept {
        open_.clear();
        stored_.clear();
    }

private:
    struct Open {
        Continuation then;
        std::int64_t deadline_ns = 0;
        CircuitBreaker* breaker = nullptr;
        CircuitBreaker::Ticket ticket = 0;
    };
    // A question that may be asked again.
    struct Stored {
        std::string to;
        noa_address address = 0;
        std::string operation;
        std::string body;
        std::string content_type;
        std::string traceparent;
        Priority priority = Priority::normal;
        Time deadline = Time::max();
        CircuitBreaker* breaker = nullptr;
        RetryPolicy policy;
        unsigned made = 0;
        bool under_way = false;
        Continuation then;
    };
    struct Refusal {
        noa_status status = NOA_OK;
        std::string text;
        std::chrono::milliseconds retry_after{0};
    };

    bool is_on_lane() const {
        if (!host_->on_lane()) {
            host_->log(Level::error, "request.off_lane", "requests are made on the lane; post()");
            return false;
        }
        return true;
    }

    // Takes `then` only when the host has accepted the request.
    Refusal submit(const Question& question, Continuation& then) {
        noa_outgoing message = host_->outgoing(question.body, question.options);
        Host::address(message, question.to);
        message.subject = to_str(question.operation);
        Open open;
        open.deadline_ns = message.deadline_ns != 0 ? message.deadline_ns : at_hand_.deadline_ns;
        open.breaker = question.breaker;
        if (question.breaker != nullptr) {
            open.ticket = question.breaker->enter(host_->now());
            if (open.ticket == 0) {
                return {NOA_E_UNAVAILABLE,
                        std::string(question.operation) + " was not sent: the circuit is open"};
            }
        }
        noa_receipt receipt{};
        receipt.struct_size = sizeof receipt;
        open.then = std::move(then);
        const std::uint64_t tag = open_.insert(std::move(open));
        const noa_status status = host_->table().request(host_->context(), &message, tag, &receipt);
        if (status == NOA_OK) {
            question.body.taken();
            return {};
        }
        Open refused = open_.take(tag);
        then = std::move(refused.then);
        if (refused.breaker != nullptr && is_failure_of_peer(status)) {
            leave(refused, status);
        } else if (refused.breaker != nullptr) {
            refused.breaker->withdraw(refused.ticket);
        }
        Error error = Host::refusal(status, question.operation, receipt);
        return {status, std::move(error.text), error.retry_after};
    }
    void leave(const Open& open, noa_status status) const noexcept {
        if (open.breaker != nullptr) {
            open.breaker->leave(open.ticket, status, host_->now());
        }
    }

    std::uint64_t store(const Question& question, const RetryPolicy& policy, Continuation then) {
        auto stored = std::make_unique<Stored>();
        stored->to = question.to.name;
        stored->address = question.to.address;
        stored->operation = question.operation;
        stored->body = question.body.bytes;
        stored->content_type = question.body.content_type;
        stored->traceparent = question.options.traceparent.empty() ? at_hand_.traceparent
                                                                   : question.options.traceparent;
        stored->priority = question.options.priority;
        stored->deadline = deadline_of(question.options);
        stored->breaker = question.breaker;
        stored->policy = policy;
        stored->then = std::move(then);
        return stored_.insert(std::move(stored));
    }
    // The earlier of what was said and what is inherited, else what the host would set.
    [[nodiscard]] Time deadline_of(const SendOptions& options) const {
        Time deadline = Time::max();
        if (options.timeout > Duration::zero()) {
            deadline = host_->now() + options.timeout;
        } else if (at_hand_.deadline_ns == 0) {
            const Result<Facts> facts = facts_of(*host_);
            return facts ? host_->now() + facts->task_timeout : deadline;
        }
        const Time inherited(Duration(at_hand_.deadline_ns));
        return at_hand_.deadline_ns != 0 ? std::min(deadline, inherited) : deadline;
    }

    void attempt(std::uint64_t id) {
        Stored& stored = **stored_.find(id);
        Question question{stored.address != 0 ? Peer(stored.address) : Peer(stored.to),
                          stored.operation,
                          Body(std::string_view(stored.body), stored.content_type),
                          {stored.priority, stored.policy.attempt_timeout, stored.traceparent},
                          stored.breaker};
        if (stored.deadline != Time::max()) {
            const Duration left = stored.deadline - host_->now();
            if (left <= Duration::zero()) {
                return end(id, Reply(NOA_E_EXPIRED, nullptr));
            }
            Duration& timeout = question.options.timeout;
            timeout = timeout > Duration::zero() ? std::min(timeout, left) : left;
        }
        ++stored.made;
        stored.under_way = true;
        Continuation then = [this, id](const Reply& reply) { judge(id, reply); };
        const Refusal refusal = submit(question, then);
        if (refusal.status == NOA_E_STATE) {
            --stored.made;
            wait(id, while_stopping);
        } else if (refusal.status != NOA_OK) {
            judge(id, Reply(refusal.status, refusal.text, refusal.retry_after));
        }
    }
    // Another attempt, or the end.
    void judge(std::uint64_t id, const Reply& reply) {
        Stored& stored = **stored_.find(id);
        if (reply.ok() || stored.made >= stored.policy.attempts ||
            !stored.policy.retryable(reply.status())) {
            return end(id, reply);
        }
        Jitter& jitter = stored.policy.jitter != nullptr ? *stored.policy.jitter : own_jitter();
        const Duration pause = std::max<Duration>(
            pause_after(stored.made, stored.policy, jitter.next()), reply.retry_after());
        if (stored.deadline != Time::max() && host_->now() + pause >= stored.deadline) {
            return end(id, reply);
        }
        wait(id, pause);
    }
    void wait(std::uint64_t id, Duration pause) {
        (*stored_.find(id))->under_way = false;
        if (const Result<TimerId> timer = timers_->after(pause, [this, id] { attempt(id); });
            !timer) {
            end(id, Reply(timer.error().status, std::string_view(timer.error().text)));
        }
    }
    void end(std::uint64_t id, const Reply& reply) {
        const std::unique_ptr<Stored> stored = stored_.take(id);
        const bool timed = stored->deadline != Time::max();
        const Handling handling(
            *this, {timed ? stored->deadline.time_since_epoch().count() : 0, stored->traceparent});
        stored->then(reply);
    }
    Jitter& own_jitter() {
        if (!jitter_) {
            jitter_.emplace(static_cast<std::uint64_t>(host_->now().time_since_epoch().count()));
        }
        return *jitter_;
    }

    static constexpr Duration while_stopping = std::chrono::milliseconds(20);

    const Host* host_;
    Timers* timers_;
    AtHand at_hand_;
    Slots<Open> open_;
    Slots<std::unique_ptr<Stored>> stored_;
    std::optional<Jitter> jitter_;
};

// One request in the making; `then` sends it. Lives within one expression:
//     request("cache", "get", body).timeout(2s).then([](const Reply& reply) { … });
class [[nodiscard]] Call {
public:
    Call(Requests& requests, Peer to, std::string_view operation, Body body) noexcept
        : requests_(&requests), question_{to, operation, body, {}, nullptr} {}

    // For the whole of it, further attempts included.
    Call&& timeout(Duration timeout) && noexcept {
        question_.options.timeout = timeout;
        return static_cast<Call&&>(*this);
    }
    Call&& priority(Priority priority) && noexcept {
        question_.options.priority = priority;
        return static_cast<Call&&>(*this);
    }
    // In the place of that of the message at hand.
    Call&& traceparent(std::string_view traceparent) && noexcept {
        question_.options.traceparent = traceparent;
        return static_cast<Call&&>(*this);
    }
    // Made again, within the time-out or the deadline of the message at hand, while it ends in a
    // way that may pass. The operation must be repeatable; the body is copied.
    Call&& retry(const RetryPolicy& policy) && noexcept {
        policy_ = policy;
        return static_cast<Call&&>(*this);
    }
    // Not sent, NOA_E_UNAVAILABLE, while `breaker` is open; what becomes of it counts there.
    // `breaker` outlives the request: a member of the agent.
    Call&& breaker(CircuitBreaker& breaker) && noexcept {
        question_.breaker = &breaker;
        return static_cast<Call&&>(*this);
    }

    // `done` takes (const Reply&), or a Result<T> of a T that has a Codec. It is called
    // exactly once, on the lane, whatever happens, unless the generation ends first; when the
    // host does not accept the request, before `then` returns.
    template <class F>
    void then(F done) && {
        if (policy_) {
            requests_->begin(question_, *policy_, continuation(std::move(done)));
        } else {
            requests_->begin(question_, continuation(std::move(done)));
        }
    }

private:
    template <class F>
    static Continuation continuation(F done) {
        if constexpr (std::is_invocable_v<F&, const Reply&>) {
            return Continuation(std::move(done));
        } else {
            using Outcome = typename Parameters<F>::First;
            static_assert(is_result<Outcome>, "takes (const Reply&) or a Result<T>");
            using T = typename Outcome::value_type;
            return [done = std::move(done)](const Reply& reply) mutable {
                if (!reply) {
                    done(Outcome(reply.error()));
                } else if constexpr (std::is_void_v<T>) {
                    done(Outcome());
                } else {
                    done(Codec<T>::decode(reply.body(), Extra::ignored));
                }
            };
        }
    }

    Requests* requests_;
    Question question_;
    std::optional<RetryPolicy> policy_;
};

} // namespace noa::sdk
