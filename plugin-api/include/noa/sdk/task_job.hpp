// One piece of background work with what follows it.
#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

#include "noa/sdk/host.hpp"
#include "noa/sdk/result.hpp"
#include "noa/sdk/timers.hpp"

namespace noa::sdk {

class Job {
public:
    Job() = default;
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;
    virtual ~Job() = default;

    virtual void work() noexcept = 0;     // [a worker]
    virtual void deliver() = 0;           // [lane, after work]
    virtual void refuse(Error error) = 0; // [lane] calls done, which deliver finds gone
    [[nodiscard]] virtual bool failed() const noexcept = 0; // [lane, after work]

    std::stop_source stop;
    std::uint64_t id = 0;
    TimerId timer = 0;
    Priority priority = Priority::normal;
    Duration spent{0};
    bool interrupted = false; // told to stop because the agent stops
    bool expired = false;     // lane only
};

template <class Work, class Done>
class TypedJob final : public Job {
    static constexpr bool takes_token = std::is_invocable_v<Work&, std::stop_token>;
    static auto call(Work& work, const std::stop_token& token) {
        if constexpr (takes_token) {
            return work(token);
        } else {
            return work();
        }
    }
    using Returned = decltype(call(std::declval<Work&>(), std::declval<std::stop_token>()));
    template <class R>
    struct Unwrapped {
        using Type = Result<R>;
    };
    template <class R>
    struct Unwrapped<Result<R>> {
        using Type = Result<R>;
    };
    using Outcome = typename Unwrapped<Returned>::Type;

public:
    TypedJob(Work work, Done done) : work_(std::move(work)), done_(std::move(done)) {}

    void work() noexcept override {
        try {
            if constexpr (std::is_void_v<Returned>) {
                call(work_, stop.get_token());
                outcome_.emplace();
            } else {
                outcome_.emplace(call(work_, stop.get_token()));
            }
        } catch (const std::exception& failure) {
            outcome_.emplace(Error{NOA_E_INTERNAL, failure.what()});
        } catch (...) {
            outcome_.emplace(Error{NOA_E_INTERNAL, "an unknown exception in a task"});
        }
    }
    void deliver() override { finish(std::move(*outcome_)); }
    void refuse(Error error) override { finish(std::move(error)); }
    [[nodiscard]] bool failed() const noexcept override { return !outcome_->has_value(); }

private:
    void finish(Outcome outcome) {
        if (done_) {
            Done done = std::move(*done_);
            done_.reset();
            done(std::move(outcome));
        }
    }

    Work work_;
    std::optional<Done> done_; // lane only
    std::optional<Outcome> outcome_;
};

} // namespace noa::sdk
