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
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "bus/lane.hpp"
#include "config/config.hpp"
#include "plugin/facts.hpp"
#include "plugin/instance.hpp"
#include "supervise/agent_arena.hpp"
#include "supervise/agent_sockets.hpp"
#include "supervise/context_table.hpp"
#include "supervise/leftovers.hpp"
#include "supervise/place.hpp"
#include "supervise/process_place.hpp"

namespace noa::supervise {

// A generation that ought not to stay: on trial, or lost.
struct Fault {
    std::string agent;
    std::uint64_t generation = 0;
    std::string reason;
};

// What every generation uses; outlives them all.
struct Surroundings {
    bus::Bus& bus;
    Log& log;
    Leftovers& leftovers;
    std::filesystem::path agents_dir; // state directories, one folder an agent
    std::chrono::microseconds spin{0};
    SocketStore& sockets;
    ArenaStore& arenas;
    std::function<void(Fault)> on_fault{}; // called on a lane: must not wait for one
    std::filesystem::path runner{};        // noa-agent-runner
    link::ControlGroups groups;            // for runners
    std::atomic<std::uint64_t> loads{0};   // of generations, since the host's start
};

struct Blueprint {
    config::AgentConfig config;
    plugin::StagedFile file;
    plugin::ProbeFacts facts;
    std::uint64_t number = 0;
    bool owns_file = true; // removes it in the end
};

class Generation final : private bus::Handler, private ProcessListener {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::uint64_t max_state = std::uint64_t{64} * 1024 * 1024;

    // dlopen, create, configure: beside whatever runs.
    [[nodiscard]] static Result<std::unique_ptr<Generation>> load(Surroundings& around,
                                                                  Blueprint blueprint);
    ~Generation() override; // after retire

    // restore (when there is state), start, take over the inbox; `messages` come first in it.
    // Without the arena it finds a fresh one, and the former one's goes once it has taken over.
    enum class Arena : std::uint8_t { handed_over, anew };
    [[nodiscard]] Result<void> start(const plugin::SavedState* state,
                                     Arena arena = Arena::handed_over,
                                     std::vector<bus::Item> messages = {});
    // Come to rest: the inbox is let go of, and waits for whoever takes it over.
    struct Rest {
        Result<plugin::SavedState> state; // schema 0 when it has none, or was not asked for
        std::uint64_t taken_back = 0;     // open deliveries, now at the head of the inbox
    };
    // Drains, quiesces, saves when asked to. Past the deadline nothing has changed: the
    // generation goes on by itself as soon as it can; one that cannot is lost, and a fault says so
    // when that is found out later.
    [[nodiscard]] Result<Rest> quiesce(std::chrono::milliseconds timeout, bool save);
    // Waits until the inbox is empty and nothing is open, at most `timeout`. The inbox takes
    // nothing new meanwhile.
    void work_off(std::chrono::milliseconds timeout);
    // quiesce failed and nobody follows: the lane is inside the plugin, nothing can be freed.
    // The agent's sockets let nobody in any more.
    void give_up_on();
    // Undoes quiesce. With `state`, that of the failed successor, it goes on from there; without
    // one from where it stopped.
    [[nodiscard]] Result<void> take_up_again(const plugin::SavedState* state);
    // The successor has taken over: its routes alone count. take_up_again brings them back.
    void withdraw_routes();
    void confirm();
    void retune(const config::AgentConfig& config);
    // The settings of `config`, taken by the running object; see noa.reconfigure/1. The error
    // says why a new generation is needed.
    [[nodiscard]] bool takes_live_settings() const noexcept;
    [[nodiscard]] Result<void> reconfigure(const config::AgentConfig& config);
    // Settles what is left in the inbox, closes the agent's sockets. After quiesce, when nobody
    // follows. With `kept`, what nobody waits for goes there instead.
    void abandon_inbox(std::vector<bus::Item>* kept = nullptr, std::uint64_t kept_bytes = 0);

    // From here on the `defects`-th internal error or escaped exception is a fault; 0: none is.
    void begin_trial(std::uint32_t defects) noexcept { defects_left_ = defects; }
    void end_trial() noexcept { defects_left_ = 0; }
    // Asks the lane for the agent's health; `answered` is called on the lane, once, with the JSON
    // object or an error, or never when the lane does not return.
    void ask_health(std::function<void(Result<std::string>)> answered);

    // From here on only operations of `critical` are answered, unless it has an operation
    // `read_only`, or nothing is critical. `told` is called on the lane, with which it is; not
    // when neither.
    void degrade(std::vector<std::string> critical, std::string reason,
                 std::function<void(bool read_only)> told);
    // Undoes it. `read_only` is called on the lane when it has that operation.
    void end_degradation(std::function<void()> read_only);

    // Destroys, joins, unloads, verifies; what stays mapped or stuck goes to the leftovers.
    static void retire(std::unique_ptr<Generation> generation);
    // This one removes the staged file from now on, which both have.
    void take_file_over(Generation& from) noexcept {
        blueprint_.owns_file = std::exchange(from.blueprint_.owns_file, false);
    }
    [[nodiscard]] bool stuck() const noexcept { return stuck_.load(); }
    // Quiesced, and nothing has undone that.
    [[nodiscard]] bool at_rest() const noexcept { return at_rest_.load(); }
    // At rest, and for good: it did not start again after a quiesce that came to nothing.
    [[nodiscard]] bool lost() const noexcept { return lost_.load(); }

    // Lost because its process has ended.
    [[nodiscard]] bool process_ended() const noexcept { return process_ended_.load(); }

    [[nodiscard]] const Blueprint& blueprint() const noexcept { return blueprint_; }
    [[nodiscard]] const config::AgentConfig& config() const noexcept { return blueprint_.config; }
    [[nodiscard]] noa_context context() const noexcept { return context_; }
    [[nodiscard]] bus::Lane& lane() noexcept { return *lane_; }
    [[nodiscard]] const bus::Lane& lane() const noexcept { return *lane_; }
    [[nodiscard]] const Place& place() const noexcept { return *place_; }
    [[nodiscard]] std::int64_t started_unix_ns() const noexcept { return started_unix_ns_.load(); }

    // What the plugin asks of the host, beyond what the lane answers.
    void plugin_log(std::uint32_t level, std::string_view event, std::string_view text);
    [[nodiscard]] noa_status subscribe(std::string_view pattern);
    [[nodiscard]] noa_status unsubscribe(std::string_view pattern);
    [[nodiscard]] noa_status state_dir(std::string_view& ret_path);
    [[nodiscard]] noa_agent_facts facts() const;
    [[nodiscard]] noa_status listen(std::string_view address, const noa_listen_options* options,
                                    int& ret_fd, std::string& ret_why);
    [[nodiscard]] noa_status unlisten(std::string_view address);
    [[nodiscard]] noa_status keep(int fd, std::string_view state);
    [[nodiscard]] noa_status take(int& ret_fd, std::string_view& ret_state);
    [[nodiscard]] noa_status watch(int fd, std::uint32_t events, std::uint64_t tag);
    [[nodiscard]] noa_status unwatch(int fd);
    // Whether its agent may have an arena.
    [[nodiscard]] bool has_arena() const noexcept { return arena_limit_ != 0; }
    template <class Call>
    [[nodiscard]] noa_status with_arena(Call&& call) {
        return lane_->on_lane() ? std::forward<Call>(call)(arena_) : NOA_E_STATE;
    }
    // From any thread.
    [[nodiscard]] noa_status release_of_arena(std::uint64_t offset, std::uint64_t size) {
        return arena_.release(offset, size);
    }

private:
    // Of what is exclusive, the state directory and the sockets: when in its life it has them.
    enum class Lease : std::uint8_t { none, starting, running, leaving };

    Generation(Surroundings& around, Blueprint blueprint);

    // generation_retire.cpp: why something of it stays, empty when all has gone.
    [[nodiscard]] std::string unload();

    [[nodiscard]] noa_status handle(const noa_message& message, noa_delivery delivery,
                                    noa_error& error) noexcept override;
    void on_reply(std::uint64_t tag, noa_status status,
                  const noa_message* message) noexcept override;
    void on_wake(std::uint64_t tag) noexcept override;
    void on_timer(std::uint64_t tag) noexcept override;
    void on_ready(std::uint64_t tag, std::uint32_t events) noexcept override;
    void on_idle() noexcept override { instance_->flush(); }
    void on_defect(std::string_view text) noexcept override { note_defect(text); }
    void on_escaped(std::string_view function, std::string_view text,
                    std::uint64_t so_far) noexcept override;
    // NOLINTNEXTLINE(bugprone-exception-escape): its definition says why
    void on_call_denied(const std::string& call, const std::string& path,
                        std::uint64_t so_far) noexcept override;
    void on_ended(const link::RunnerEnd& end) override;
    void lose(const std::string& reason);
    // NOLINTNEXTLINE(bugprone-exception-escape): JSON of known types throws nothing
    [[nodiscard]] Result<std::string> inspect(std::string_view operation) noexcept override;
    void note_defect(std::string_view text) noexcept;
    [[nodiscard]] bool has_operation(const char* name);
    [[nodiscard]] bool refuses(const noa_message& message) const noexcept;
    void look_for_escaped(std::string_view function) noexcept;

    // Runs `step` on the lane and waits.
    [[nodiscard]] Result<void> on_lane(const char* what, std::chrono::milliseconds timeout,
                                       std::function<Result<void>()> step);
    [[nodiscard]] std::unique_ptr<Place> make_place();
    [[nodiscard]] Result<void> load_on_lane();
    [[nodiscard]] Result<void> start_on_lane(const plugin::SavedState* state, Arena arena,
                                             std::vector<bus::Item>& messages);
    [[nodiscard]] Result<void> start_plugin(Arena arena = Arena::handed_over);
    [[nodiscard]] Result<void> start_with_arena();
    void leave_arena() noexcept;
    [[nodiscard]] static std::uint64_t arena_limit_of(const config::AgentConfig& config) noexcept;
    [[nodiscard]] Result<void> quiesce_plugin(std::int64_t deadline_ns);
    void route();
    void go_on_after_quiesce(bool somebody_waits);
    [[nodiscard]] bus::LaneOptions lane_options() const;
    void note_facts();
    [[nodiscard]] Failure failure(const char* what, Errc code, std::string reason,
                                  std::string advice = {}) const;

    Surroundings& around_;
    Blueprint blueprint_;
    noa_context context_ = 0;
    const std::string name_;   // the agent's
    AgentSockets& sockets_;    // the agent's
    AgentArena& agent_arena_;  // the same
    const std::string thread_; // the lane's name, and what threads of the plugin inherit
    std::atomic<bool> stuck_{false};
    std::atomic<bool> at_rest_{false};
    std::atomic<bool> lost_{false};
    std::atomic<bool> process_ended_{false};
    std::atomic<std::int64_t> started_unix_ns_{0};
    std::atomic<std::uint32_t> defects_left_{0};

    mutable std::mutex facts_mutex_;
    noa_agent_facts facts_{}; // under facts_mutex_

    // [lane]
    std::set<std::string, std::less<>> patterns_; // subscribed to
    std::vector<std::string> answers_only_;       // while refusal_ is not empty
    std::string refusal_;
    bool routes_ = false;                   // they count: it has taken over
    std::vector<std::string> capabilities_; // of the configuration
    Lease lease_ = Lease::none;
    std::vector<AgentSockets::State> taken_states_; // that start has seen
    std::string state_dir_;
    std::uint64_t escaped_seen_ = 0;
    const std::uint64_t arena_limit_; // bytes; 0: it is offered none
    LentArena lent_arena_{agent_arena_, context_, arena_limit_};
    plugin::Arena arena_{lent_arena_}; // of a thread: a process maps it there

    std::unique_ptr<Place> place_;         // the lane is gone before it
    plugin::Instance* instance_ = nullptr; // the place's; from load to destroy
    std::unique_ptr<bus::Lane> lane_;
};

} // namespace noa::supervise
