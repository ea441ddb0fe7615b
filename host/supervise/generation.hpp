// One loaded life of an agent: this code, these settings, one lane.
//
// The functions here are called by the supervisor, from any thread but a lane, one at a time
// for one generation. Each runs its step on the lane and waits for it, at most as long as it
// is given. A step that does not come back leaves the generation stuck: its lane is inside the
// plugin, so nothing of it can be freed.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "bus/lane.hpp"
#include "config/config.hpp"
#include "plugin/facts.hpp"
#include "plugin/instance.hpp"
#include "plugin/library.hpp"
#include "supervise/context_table.hpp"
#include "supervise/leftovers.hpp"

namespace noa::supervise {

// What every generation uses; outlives them all.
struct Surroundings {
    bus::Bus& bus;
    Log& log;
    Leftovers& leftovers;
    std::filesystem::path agents_dir; // state directories, one folder an agent
    std::chrono::microseconds spin{0};
};

struct Blueprint {
    config::AgentConfig config;
    plugin::StagedFile file;
    plugin::ProbeFacts facts;
    std::uint64_t number = 0;
};

class Generation final : private bus::Handler {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::uint64_t max_state = 64U * 1024U * 1024U;

    // dlopen, create, configure: beside whatever runs.
    [[nodiscard]] static Result<std::unique_ptr<Generation>> load(Surroundings& around,
                                                                  Blueprint blueprint);
    ~Generation() override; // after retire

    // restore (when there is state), start, take over the inbox.
    [[nodiscard]] Result<void> start(const plugin::SavedState* state);
    // Drains, quiesces and lets go of the inbox. Past the deadline nothing has changed: the
    // generation goes on by itself as soon as it can.
    [[nodiscard]] Result<void> quiesce(std::chrono::milliseconds timeout);
    // Waits until the inbox is empty and nothing is open, at most `timeout`. The inbox takes
    // nothing new meanwhile.
    void work_off(std::chrono::milliseconds timeout);
    // quiesce failed and nobody follows: the lane is inside the plugin, nothing can be freed.
    void give_up_on() noexcept { stuck_ = true; }
    // After quiesce: what the next generation should know.
    [[nodiscard]] Result<plugin::SavedState> save();
    // Undoes quiesce.
    [[nodiscard]] Result<void> take_up_again();
    void confirm();
    void retune(const config::AgentConfig& config);
    // Settles what is left in the inbox. After quiesce, when nobody follows.
    void abandon_inbox();

    // Destroys, joins, unloads, verifies; what stays mapped or stuck goes to the leftovers.
    static void retire(std::unique_ptr<Generation> generation);
    [[nodiscard]] bool stuck() const noexcept { return stuck_.load(); }

    [[nodiscard]] const Blueprint& blueprint() const noexcept { return blueprint_; }
    [[nodiscard]] const config::AgentConfig& config() const noexcept { return blueprint_.config; }
    [[nodiscard]] noa_context context() const noexcept { return context_; }
    [[nodiscard]] bus::Lane& lane() noexcept { return *lane_; }
    [[nodiscard]] const bus::Lane& lane() const noexcept { return *lane_; }
    [[nodiscard]] std::int64_t started_unix_ns() const noexcept { return started_unix_ns_.load(); }

    // What the plugin asks of the host, beyond what the lane answers.
    void plugin_log(std::uint32_t level, std::string_view event, std::string_view text);
    [[nodiscard]] noa_status subscribe(std::string_view pattern);
    [[nodiscard]] noa_status unsubscribe(std::string_view pattern);
    [[nodiscard]] noa_status state_dir(std::string_view& ret_path);

private:
    Generation(Surroundings& around, Blueprint blueprint);
    [[nodiscard]] bool unload();

    [[nodiscard]] noa_status handle(const noa_message& message, noa_delivery delivery,
                                    noa_error& error) noexcept override;
    void on_reply(std::uint64_t tag, noa_status status,
                  const noa_message* message) noexcept override;
    void on_wake(std::uint64_t tag) noexcept override;
    void on_timer(std::uint64_t tag) noexcept override;
    [[nodiscard]] Result<std::string> inspect(std::string_view operation) noexcept override;

    // Runs `step` on the lane and waits.
    [[nodiscard]] Result<void> on_lane(const char* what, std::chrono::milliseconds timeout,
                                       std::function<Result<void>()> step);
    [[nodiscard]] Result<void> load_on_lane();
    [[nodiscard]] Result<void> start_on_lane(const plugin::SavedState* state);
    [[nodiscard]] bus::LaneOptions lane_options() const;
    [[nodiscard]] Failure failure(const char* what, Errc code, std::string reason,
                                  std::string advice = {}) const;

    Surroundings& around_;
    Blueprint blueprint_;
    noa_context context_ = 0;
    const std::string name_; // the agent's
    std::atomic<bool> stuck_{false};
    std::atomic<std::int64_t> started_unix_ns_{0};

    // [lane]
    std::vector<std::string> waiting_subscriptions_; // until this generation takes over
    std::vector<std::string> capabilities_;          // of the configuration
    bool routes_ = false;
    bool leased_ = false;
    std::string state_dir_;

    // Order of destruction: the object, then the library; the lane is gone before both.
    std::optional<plugin::Library> library_;
    std::optional<plugin::Instance> instance_;
    std::unique_ptr<bus::Lane> lane_;
};

} // namespace noa::supervise
