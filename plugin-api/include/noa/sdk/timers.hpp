// Timers: called on the lane, armed from start to quiesce.
#pragma once

#include <cstdint>
#include <utility>

#include "noa/ext/timer.h"
#include "noa/sdk/function.hpp"
#include "noa/sdk/host.hpp"
#include "noa/sdk/slots.hpp"

namespace noa::sdk {

// 0 is never a timer.
using TimerId = std::uint64_t;

// [lane] every function.
class Timers {
public:
    explicit Timers(const Host& host)
        : host_(&host), contract_(host.extension<noa_timer_host>(NOA_TIMER_ID)) {}

    Result<TimerId> after(Duration delay, Function<void()> run) {
        return arm(delay, Duration::zero(), std::move(run));
    }
    // The first time after one period. A late period is skipped, not caught up.
    Result<TimerId> every(Duration period, Function<void()> run) {
        return arm(period, period, std::move(run));
    }
    // False when it is over or was never armed.
    bool cancel(TimerId timer) noexcept {
        if (timers_.find(timer) == nullptr) {
            return false;
        }
        timers_.take(timer);
        contract_->cancel(host_->context(), timer);
        return true;
    }
    // What a quiesce that failed may have left.
    void cancel_all() noexcept {
        timers_.each_tag([this](TimerId timer) { cancel(timer); });
    }
    // The host drops its part after quiesce.
    void clear() noexcept { timers_.clear(); }

    void fire(std::uint64_t tag) {
        Timer* timer = timers_.find(tag);
        if (timer == nullptr) {
            return;
        }
        // Out of its slot while it runs: the function may cancel its own timer or arm others.
        Running running{timers_, tag, std::move(timer->run)};
        if (!timer->periodic) {
            timers_.take(tag);
        }
        running.run();
    }

private:
    struct Timer {
        Function<void()> run;
        bool periodic = false;
    };
    struct Running {
        Slots<Timer>& timers;
        std::uint64_t tag;
        Function<void()> run;
        ~Running() {
            if (Timer* timer = timers.find(tag); timer != nullptr) {
                timer->run = std::move(run);
            }
        }
    };

    Result<TimerId> arm(Duration delay, Duration period, Function<void()> run) {
        if (contract_ == nullptr) {
            return Error{NOA_E_UNSUPPORTED, "this host has no timers"};
        }
        const TimerId id = timers_.insert({std::move(run), period > Duration::zero()});
        const noa_status status =
            contract_->arm(host_->context(), id, delay.count(), period.count());
        if (status != NOA_OK) {
            timers_.take(id);
            return to_status(status, "arm a timer").error();
        }
        return id;
    }

    const Host* host_;
    const noa_timer_host* contract_;
    Slots<Timer> timers_;
};

} // namespace noa::sdk
