// Operations written as coroutines. Optional; a member noa::Coroutines and setup.use of it.
//
//     setup.operation("total", "Prices an order",
//                     coroutines_.operation([this](Order order) -> noa::Async<Total> {
//         const auto price = co_await noa::Ask<Price>(request("prices", "of", order.item));
//         if (!price) {
//             co_return price.error();
//         }
//         co_return Total{price->each * order.count};
//     }));
//
// All on the lane. What a coroutine takes, it takes by value: a reference or a view does not live
// beyond the first co_await. An exception is an error of the operation. When the agent stops, what
// is suspended is destroyed where it stands, and its request goes to the next generation.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "noa/sdk.hpp"

namespace noa::sdk {

template <class T = void>
class Async;

// The coroutines of an agent that have not ended yet.  [lane] every function.
class Coroutines final : public Part {
public:
    Status attach(Generation& generation) override {
        generation_ = &generation;
        return {};
    }
    void quiet() noexcept override { roots_.clear(); }
    [[nodiscard]] std::size_t running() const noexcept { return roots_.size(); }

    // Runs `work` up to its first wait; `done(Result<T>)` follows when it has ended.
    template <class T, class Done>
    void start(Async<T> work, Done done) {
        const auto root = outermost(std::move(work), std::move(done)).release();
        root.promise().scope = this;
        root.promise().root = roots_.insert(Owned(root.address()));
        root.resume();
    }

    // From a coroutine that takes nothing, or a type with a Codec, to a handler.
    template <class F>
    auto operation(F coroutine) {
        using First = typename Parameters<F>::First;
        if constexpr (std::is_void_v<First>) {
            return [this, coroutine = std::move(coroutine)](const Request&, Responder r) mutable {
                answer(coroutine(), std::move(r));
            };
        } else {
            return [this, coroutine = std::move(coroutine)](First value, Responder r) mutable {
                answer(coroutine(std::move(value)), std::move(r));
            };
        }
    }

    // For what is awaited, and at the end of an outermost frame.
    [[nodiscard]] bool alive(std::uint64_t root) noexcept { return roots_.find(root) != nullptr; }
    [[nodiscard]] Timers& timers() const noexcept { return generation_->timers; }
    void ended(std::uint64_t root, bool well) noexcept {
        if (!well) {
            generation_->host.log(Level::error, "coroutine.done", "an exception");
        }
        roots_.take(root);
    }

private:
    struct Destroy {
        void operator()(void* frame) const noexcept {
            std::coroutine_handle<>::from_address(frame).destroy();
        }
    };
    using Owned = std::unique_ptr<void, Destroy>;

    template <class T>
    void answer(Async<T> work, Responder responder) {
        start(std::move(work),
              [r = std::move(responder)](Result<T> result) mutable { r.reply(std::move(result)); });
    }

    Generation* generation_ = nullptr;
    Slots<Owned> roots_;
};

// What every frame knows: whom it belongs to, and who waits for it.
struct Frame {
    Coroutines* scope = nullptr;
    std::uint64_t root = 0;
    std::coroutine_handle<> waiting; // none: it is the outermost
};

// A coroutine that ends in a Result<T>; Async<void> with co_return noa::ok(). It begins when it is
// awaited or given to Coroutines::start.
template <class T>
class [[nodiscard]] Async {
public:
    struct promise_type;
    using Handle = std::coroutine_handle<promise_type>;
    struct Over : std::suspend_always {
        std::coroutine_handle<> await_suspend(Handle ended) noexcept {
            const promise_type& promise = ended.promise();
            if (promise.waiting) {
                return promise.waiting;
            }
            promise.scope->ended(promise.root, promise.outcome && *promise.outcome);
            return std::noop_coroutine();
        }
    };
    struct promise_type : Frame {
        std::optional<Result<T>> outcome;

        Async get_return_object() noexcept { return Async(Handle::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        Over final_suspend() noexcept { return {}; }
        void return_value(Result<T> result) { outcome.emplace(std::move(result)); }
        void unhandled_exception() {
            try {
                throw;
            } catch (const std::exception& failure) {
                outcome.emplace(Error{NOA_E_INTERNAL, failure.what()});
            } catch (...) {
                outcome.emplace(Error{NOA_E_INTERNAL, "an unknown exception"});
            }
        }
    };

    Async(Async&& other) noexcept : handle_(other.release()) {}
    ~Async() {
        if (handle_) {
            handle_.destroy();
        }
    }
    [[nodiscard]] Handle release() noexcept { return std::exchange(handle_, nullptr); }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Parent>
    Handle await_suspend(std::coroutine_handle<Parent> parent) noexcept {
        Frame& frame = handle_.promise();
        frame = {parent.promise().scope, parent.promise().root, parent};
        return handle_;
    }
    Result<T> await_resume() {
        auto& outcome = handle_.promise().outcome;
        return outcome ? std::move(*outcome)
                       : Result<T>(Error{NOA_E_INTERNAL, "a coroutine ended without co_return"});
    }

private:
    explicit Async(Handle handle) noexcept : handle_(handle) {}
    Handle handle_;
};

template <class T, class Done>
Async<> outermost(Async<T> work, Done done) {
    done(co_await std::move(work));
    co_return Status();
}

// What begins something and is resumed by its end, at once or later, unless it is gone by then.
template <class Outcome>
class Waiting {
public:
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    Outcome await_resume() { return std::move(*outcome_); }

protected:
    // `begin(end)` calls `end(Outcome)` once, or never.
    template <class Promise, class Begin>
    bool suspend(std::coroutine_handle<Promise> handle, Begin&& begin) {
        beginning_ = true;
        begin([this, scope = handle.promise().scope, root = handle.promise().root,
               handle](Outcome outcome) {
            if (!scope->alive(root)) {
                return;
            }
            outcome_.emplace(std::move(outcome));
            if (!beginning_) {
                handle.resume();
            }
        });
        beginning_ = false;
        return !outcome_;
    }

private:
    bool beginning_ = false;
    std::optional<Outcome> outcome_;
};

// co_await Ask<T>(request(…)…) gives a Result<T>; without T the body, as a std::string.
template <class T = std::string>
class Ask : public Waiting<Result<T>> {
public:
    explicit Ask(Call&& call) noexcept : call_(std::move(call)) {}
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        return this->suspend(handle, [this](auto end) {
            if constexpr (std::is_same_v<T, std::string>) {
                std::move(call_).then([end](const Reply& reply) {
                    end(reply ? Result<T>(std::string(reply.body())) : Result<T>(reply.error()));
                });
            } else {
                std::move(call_).then([end](Result<T> reply) { end(std::move(reply)); });
            }
        });
    }

private:
    Call call_;
};

// co_await Pause(1s) gives a Status: an error when there is no timer to be had.
class Pause : public Waiting<Status> {
public:
    explicit Pause(Duration duration) noexcept : duration_(duration) {}
    template <class Promise>
    bool await_suspend(std::coroutine_handle<Promise> handle) {
        return suspend(handle, [&](auto end) {
            auto timer = handle.promise().scope->timers().after(duration_, [end] { end({}); });
            if (!timer) {
                end(std::move(timer).error());
            }
        });
    }

private:
    Duration duration_;
};

} // namespace noa::sdk

namespace noa {

using sdk::Ask;
using sdk::Async;
using sdk::Coroutines;
using sdk::Pause;

} // namespace noa
