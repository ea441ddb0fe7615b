// The class that an agent derives from.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "noa/sdk/generation.hpp"
#include "noa/sdk/kept_message.hpp"
#include "noa/sdk/setup.hpp"
#include "noa/sdk/state.hpp"
#include "noa/sdk/storage.hpp"

namespace noa::sdk {

// Life      setup, [settings], [restore], start, operations …, quiesce, [save], [confirm].
// Threads   every function below that the SDK calls runs on the generation's lane, one at a
//           time, so members need no locks. What the agent calls says for itself.
// Errors    return them; an exception is reported as a defect (NOA_E_INTERNAL), never lost.
class Agent {
public:
    Agent() = default;
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;
    virtual ~Agent() = default;

    // Register operations, subscriptions, metrics and the rest. Takes nothing exclusive:
    // another generation of this agent may be at work.
    virtual void setup(Setup& setup) = 0;
    // Open what is exclusive: files, ports, threads. Called again when a quiesce is undone.
    virtual Status start() { return {}; }
    // Close what start opened. Timers, tasks and deferred requests are taken care of.
    virtual Status quiesce(Time /*deadline*/) { return {}; }
    // With PluginInfo::state_schema, after quiesce.
    virtual Status save(StateWriter& /*state*/) { return {}; }
    // With PluginInfo::state_schema, before start. Replaces all that the object holds: one that is
    // put back in its place after a failed successor is handed the successor's state.
    virtual Status restore(StateReader& /*state*/) { return {}; }
    // This generation is here to stay; drop what only the former one needed.
    virtual void confirm() {}

    // Called by the SDK, before setup.
    void attach(Generation& generation) noexcept { generation_ = &generation; }

protected:
    // From setup on, not in the constructor.
    [[nodiscard]] Host& host() const noexcept { return generation_->host; } // [any]
    [[nodiscard]] Time now() const noexcept { return host().now(); }        // [any]
    // The agent's, which its plugin may serve under several; the plugin's where the host does not
    // say. Lives as long as the generation.  [any]
    [[nodiscard]] std::string_view name() const noexcept { return generation_->name; }
    [[nodiscard]] Result<Facts> facts() const { return facts_of(host()); } // [any]
    void log(Level level, std::string_view event, std::string_view text = {}) const noexcept {
        host().log(level, event, text); // [any]
    }

    // A request that nobody waits for.  [any]
    Status send(Peer to, std::string_view operation, Body body = {}, SendOptions options = {}) {
        return host().send(to, operation, body, options);
    }
    // Many of them in one call, in order, to the first that is refused.  [any]
    SentMany send_many(std::span<const Outgoing> messages) { return host().send_many(messages); }
    // A body to write in place, for a large one.  [any]
    Result<Buffer> buffer(std::size_t size) { return host().buffer(size); }
    // A message beyond the call that received it.  [lane], in that call
    Result<KeptMessage> keep(const Message& message) {
        return KeptMessage::of(host(), message.raw());
    }
    Result<KeptMessage> keep(const Reply& reply) {
        return reply.raw() != nullptr ? KeptMessage::of(host(), *reply.raw())
                                      : not_found("there is no message to keep");
    }
    // [any]
    Result<Published> publish(std::string_view subject, Body body = {}, SendOptions options = {}) {
        return host().publish(subject, body, options);
    }
    // A request whose end is a call on the lane; see Call.  [lane]
    Call request(Peer to, std::string_view operation, Body body = {}) {
        return {generation_->requests, to, operation, body};
    }

    // [lane & running]
    Result<TimerId> after(Duration delay, Function<void()> run) {
        return generation_->timers.after(delay, std::move(run));
    }
    Result<TimerId> every(Duration period, Function<void()> run) {
        return generation_->timers.every(period, std::move(run));
    }
    bool cancel(TimerId timer) noexcept { return generation_->timers.cancel(timer); }

    // Has `run` called on the lane.  [any]
    Status post(Function<void()> run) { return generation_->posts.post(std::move(run)); }

    // Work off the lane, its result on the lane; see Tasks::run.  [lane & running]
    template <class Work, class Done>
    void task(Work work, Done done, TaskOptions options = {}) {
        generation_->tasks.run(std::move(work), std::move(done), options);
    }

    // The agent's own directory, from start until quiesce returns.  [lane]
    [[nodiscard]] Result<std::string_view> state_dir() const { return state_dir_of(host()); }

private:
    Generation* generation_ = nullptr;
};

} // namespace noa::sdk
