// The functions behind a plugin's table. No exception passes them.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "noa/ext/inspect.h"
#include "noa/ext/listener.h"
#include "noa/ext/reconfigure.h"
#include "noa/ext/timer.h"
#include "noa/sdk/agent.hpp"
#include "noa/sdk/describe.hpp"

namespace noa::sdk {

// What the host's noa_agent points to.
class Life {
public:
    Life(const noa_host& host, noa_context context, const PluginInfo& info,
         std::unique_ptr<Agent> agent)
        : generation_(host, context, info), agent_(std::move(agent)) {
        agent_->attach(generation_);
    }
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;
    ~Life() { generation_.end(); }

    static Life& of(noa_agent* agent) noexcept { return *reinterpret_cast<Life*>(agent); }
    noa_agent* handle_of() noexcept { return reinterpret_cast<noa_agent*>(this); }

    Status setup() {
        Setup setup(generation_);
        agent_->setup(setup);
        return setup.outcome();
    }

    Status configure(std::string_view settings, bool commit) {
        return generation_.settings ? generation_.settings(settings, commit) : Status();
    }

    // Settings for an agent at work. What setup's `settings` refuses is refused here, too.
    Status reconfigure(std::string_view settings, bool commit) {
        if (!generation_.live_settings) {
            return Error{NOA_E_UNSUPPORTED, "settings are not taken while the agent runs"};
        }
        Status usable = configure(settings, false);
        return usable ? generation_.live_settings(settings, commit) : std::move(usable);
    }

    Status start() {
        go_on();
        generation_.timers.cancel_all();
        for (Part* part : generation_.parts) {
            part->starting();
        }
        if (Status started = agent_->start(); !started) {
            return started;
        }
        for (Periodic& periodic : generation_.periodics) {
            Result<TimerId> timer =
                generation_.timers.every(periodic.period, [&periodic] { periodic.run(); });
            if (!timer) {
                return std::move(timer).error();
            }
        }
        if (generation_.beat > Duration::zero()) {
            Setup::publish_beat(generation_);
        }
        generation_.requests.resume();
        return {};
    }

    noa_status handle(const noa_message& message, noa_delivery delivery, noa_error& error) {
        const bool waits = message.kind == NOA_MESSAGE_REQUEST && Request(message).wants_reply();
        const Requests::Handling at_hand(
            generation_.requests, {waits ? message.deadline_ns : 0, view(message.traceparent)});
        if (message.kind == NOA_MESSAGE_EVENT) {
            Status outcome = generation_.subscriptions.deliver(Event(message));
            Dispatch call{generation_.host, generation_.handling, message, delivery, error};
            return outcome ? NOA_OK : settle_error(call, outcome.error());
        }
        Operation* operation = generation_.operations.find(view(message.subject));
        if (operation == nullptr) {
            return fill(error, NOA_E_UNSUPPORTED,
                        "no operation " + std::string(view(message.subject)));
        }
        ++operation->calls;
        const noa_status status = run(*operation, message, delivery, error);
        operation->failures += status < 0 ? 1 : 0;
        return status;
    }

    void on_wake(std::uint64_t tag) {
        if (tag == tasks_wake) {
            generation_.tasks.deliver([this](auto&& run) { guarded("task.done", run); });
        } else {
            for (Function<void()>& run : generation_.posts.take()) {
                guarded("post", run);
            }
        }
    }

    void on_ready(std::uint64_t tag, std::uint32_t events) const {
        if (generation_.sockets != nullptr) {
            generation_.sockets->ready(tag, events);
        }
    }

    Status quiesce(Time deadline) {
        generation_.host.set_stopping(true);
        if (Status joined = generation_.tasks.quiesce(deadline); !joined) {
            go_on();
            return joined;
        }
        on_wake(tasks_wake);
        on_wake(posts_wake);
        if (Status closed = agent_->quiesce(deadline); !closed) {
            go_on();
            return closed;
        }
        generation_.timers.clear();
        for (Part* part : generation_.parts) {
            part->quiet();
        }
        return {};
    }

    Status save(const noa_sink& sink) {
        StateWriter writer(sink);
        Status outcome = agent_->save(writer);
        return outcome ? writer.finish() : std::move(outcome);
    }
    Status restore(const noa_source& source) {
        StateReader reader(source);
        Status outcome = agent_->restore(reader);
        return outcome ? reader.finish() : std::move(outcome);
    }

    // Runs what has nobody to report to: a failure goes to the log.
    template <class F>
    void guarded(std::string_view what, F&& run) noexcept {
        try {
            run();
        } catch (const std::exception& failure) {
            generation_.host.log(Level::error, what, failure.what());
        } catch (...) {
            generation_.host.log(Level::error, what, "an unknown exception");
        }
    }

    [[nodiscard]] Generation& generation() noexcept { return generation_; }
    [[nodiscard]] Agent& agent() noexcept { return *agent_; }

private:
    void go_on() {
        generation_.host.set_stopping(false);
        generation_.tasks.resume();
    }

    noa_status run(Operation& operation, const noa_message& message, noa_delivery delivery,
                   noa_error& error) {
        Handling& handling = generation_.handling;
        handling.answered = handling.dropped = false;
        handling.delivery.store(delivery, std::memory_order_relaxed);
        struct Over {
            Handling& handling;
            ~Over() { handling.delivery.store(0, std::memory_order_relaxed); }
        } over{handling};
        Dispatch call{generation_.host, handling, message, delivery, error};
        const noa_status status = operation.run(call);
        if (status != NOA_DEFERRED || handling.answered) {
            return status == NOA_DEFERRED ? NOA_OK : status;
        }
        return handling.dropped
                   ? fill(error, NOA_E_INTERNAL, "the agent dropped the request without an answer")
                   : NOA_DEFERRED;
    }

    // The agent goes first: it may still hold Responders, which need the host.
    Generation generation_;
    std::unique_ptr<Agent> agent_;
};

} // namespace noa::sdk
