#include "supervise/generation.hpp"

#include <algorithm>
#include <condition_variable>

#include "base/clock.hpp"
#include "plugin/stage.hpp"
#include "supervise/host_table.hpp"

namespace noa::supervise {

namespace {

// One step on a lane, and who waits for it. Owners: the waiting caller and the posted task.
struct Step {
    std::mutex mutex;
    std::condition_variable changed;
    bool cancelled = false;
    std::optional<Result<void>> result;

    void finish(Result<void> outcome) {
        {
            const std::lock_guard lock(mutex);
            result = std::move(outcome);
        }
        changed.notify_all();
    }
};

constexpr std::chrono::milliseconds cancel_grace{200};
constexpr std::chrono::milliseconds end_grace{5000}; // for a process to go that was killed

// Unique among the threads of the host: what a plugin leaves behind is found by the name it
// inherited. At most 15 bytes.
std::string thread_name(const std::string& agent, std::uint64_t load) {
    const auto number = "#" + std::to_string(load);
    return agent.substr(0, 15 - std::min<std::size_t>(number.size(), 14)) + number;
}

} // namespace

Generation::Generation(Surroundings& around, Blueprint blueprint)
    : around_(around), blueprint_(std::move(blueprint)), name_(blueprint_.config.name),
      sockets_(around.sockets.of(name_)), agent_arena_(around.arenas.of(name_)),
      thread_(thread_name(name_, ++around.loads)), arena_limit_(arena_limit_of(config())) {
    note_facts();
}

Generation::~Generation() = default;

Failure Generation::failure(const char* what, Errc code, std::string reason,
                            std::string advice) const {
    return fail(code, std::string(what) + " agent",
                config().name + " (" + blueprint_.file.source.string() + ")", std::move(reason),
                std::move(advice));
}

bus::LaneOptions Generation::lane_options() const {
    bus::LaneOptions options;
    options.owner = context_;
    options.generation = static_cast<std::uint16_t>(blueprint_.number);
    options.concurrency = config().concurrency;
    options.ordered = config().ordered;
    options.max_deliveries = config().max_deliveries;
    options.task_timeout_ns = std::chrono::nanoseconds(config().task_timeout).count();
    options.max_requests = config().queue_size;
    options.spin_ns = std::chrono::nanoseconds(around_.spin).count();
    options.hands_over = config().run == "process";
    return options;
}

Result<std::unique_ptr<Generation>> Generation::load(Surroundings& around, Blueprint blueprint) {
    std::unique_ptr<Generation> made(new Generation(around, std::move(blueprint)));
    const auto& name = made->config().name;
    auto* endpoint = around.bus.routes().resolve(name);
    if (endpoint == nullptr) {
        return made->failure("load", Errc::refused, "the table of names is full",
                             "restart the host: names are kept for its life");
    }
    if (auto opened = around.bus.open_inbox(*endpoint); !opened) {
        return Failure(opened.error());
    }
    made->context_ = context_table().issue(*made);
    if (made->context_ == 0) {
        return made->failure("load", Errc::refused, "too many generations are pinned",
                             "restart the host");
    }
    auto lane = bus::Lane::open(around.bus, *endpoint, made->lane_options(), made->thread_);
    if (!lane) {
        retire(std::move(made));
        return Failure(lane.error());
    }
    made->lane_ = std::move(*lane);
    made->place_ = made->make_place();
    auto loaded = made->on_lane("load", made->config().start_timeout,
                                [raw = made.get()] { return raw->load_on_lane(); });
    if (loaded) {
        return made;
    }
    retire(std::move(made));
    return Failure(loaded.error());
}

Result<void> Generation::on_lane(const char* what, std::chrono::milliseconds timeout,
                                 std::function<Result<void>()> step) {
    auto state = std::make_shared<Step>();
    lane_->post([state, step = std::move(step)] {
        {
            const std::lock_guard lock(state->mutex);
            if (state->cancelled) {
                return;
            }
        }
        state->finish(step());
    });
    std::unique_lock lock(state->mutex);
    if (!state->changed.wait_for(lock, timeout, [&] { return state->result.has_value(); })) {
        state->cancelled = true;
        if (place_->end_now(std::string(what) + " did not return in time") &&
            state->changed.wait_for(lock, end_grace, [&] { return state->result.has_value(); })) {
            return failure(what, Errc::timed_out,
                           "did not return within " + std::to_string(timeout.count()) + " ms",
                           "its process was ended");
        }
        stuck_ = true;
        return failure(what, Errc::timed_out,
                       "did not return within " + std::to_string(timeout.count()) + " ms",
                       "the thread is inside the plugin; only a restart of the host ends it");
    }
    return *state->result;
}

Result<void> Generation::load_on_lane() {
    set_generation_of_this_thread(this);
    capabilities_ = config().capabilities;
    if (auto verified = plugin::StageDir::verify(blueprint_.file); !verified) {
        return verified;
    }
    if (config().replicas > 1 && blueprint_.facts.state_schema != 0) {
        return fail(Errc::refused, "load agent", name_, "it has a state, and replicas share none",
                    "replicas = 1");
    }
    auto loaded = place_->load();
    if (!loaded) {
        return Failure(loaded.error());
    }
    instance_ = *loaded;
    const auto settings = config().settings.dump();
    if (auto valid = instance_->configure(settings, false); !valid) {
        return valid;
    }
    return instance_->configure(settings, true);
}

Result<void> Generation::start(const plugin::SavedState* state, Arena arena,
                               std::vector<bus::Item> messages) {
    // Owners: this call and the step.
    auto first = std::make_shared<std::vector<bus::Item>>(std::move(messages));
    return on_lane("start", config().start_timeout,
                   [this, state, arena, first] { return start_on_lane(state, arena, *first); });
}

Result<void> Generation::start_on_lane(const plugin::SavedState* state, Arena arena,
                                       std::vector<bus::Item>& messages) {
    if (state != nullptr) {
        if (auto restored = instance_->restore(*state); !restored) {
            return restored;
        }
    }
    // Answers to requests made in start need the inbox; nothing else is taken up before attach.
    auto& endpoint = lane_->endpoint();
    if (endpoint.inbox().state() == bus::Inbox::State::absent) {
        endpoint.inbox().set_state(bus::Inbox::State::stopped);
    }
    if (auto started = start_plugin(arena); !started) {
        lane_->forget();
        return started;
    }
    route();
    endpoint.inbox().set_limit(config().queue_size);
    if (!messages.empty()) {
        endpoint.inbox().readmit(std::move(messages));
    }
    lane_->attach(*this);
    endpoint.inbox().set_state(bus::Inbox::State::open);
    started_unix_ns_ = unix_ns();
    sockets_.taken_over_by(context_);
    return {};
}

void Generation::route() {
    routes_ = true;
    for (const auto& pattern : patterns_) {
        static_cast<void>(around_.bus.subscriptions().add(lane_->endpoint(), context_, pattern));
    }
}

// [lane] It does not go on: what is open goes back. With a reason, somebody is told.
void Generation::lose(const std::string& reason) {
    if (lane_->is_attached()) {
        const bool gone = instance_->has_gone();
        lane_->forget();
        lane_->detach([&](std::uint64_t delivery) {
            return gone && instance_->may_have_begun(delivery) ? bus::Revoked::by_loss
                                                               : bus::Revoked::at_switch;
        });
    }
    leave_arena();
    at_rest_ = true;
    process_ended_ = instance_->has_gone();
    lost_ = true;
    if (!reason.empty()) {
        around_.on_fault({name_, blueprint_.number, reason});
    }
}

// [lane] A quiesce that failed, or was cancelled.
void Generation::go_on_after_quiesce(bool somebody_waits) {
    if (auto started = start_plugin(); !started) {
        const bool is_told = somebody_waits || instance_->has_gone(); // of an end, by on_ended
        lose(is_told ? std::string() : started.error().text());
        return;
    }
    sockets_.taken_over_by(context_);
    lane_->resume();
}

Result<Generation::Rest> Generation::quiesce(std::chrono::milliseconds timeout, bool save) {
    if (lost_) {
        return failure("quiesce", Errc::unavailable, "it could not start again");
    }
    auto state = std::make_shared<Step>();
    auto rest = std::make_shared<Rest>(); // owners: this call and the step
    const auto deadline_ns = monotonic_ns() + std::chrono::nanoseconds(timeout).count();
    // Deferred work and awaited answers get half of the time, the plugin's quiesce the rest.
    const auto drain_ns = deadline_ns - std::chrono::nanoseconds(timeout).count() / 2;
    const auto is_cancelled = [state] {
        const std::lock_guard lock(state->mutex);
        return state->cancelled;
    };
    lane_->post([this, state, rest, save, is_cancelled, deadline_ns, drain_ns] {
        if (is_cancelled()) {
            return;
        }
        if (lost_) { // since: nothing is attached that could be drained
            state->finish(failure("quiesce", Errc::unavailable, "it ended meanwhile"));
            return;
        }
        lane_->drain(drain_ns, [this, state, rest, save, is_cancelled, deadline_ns](bool) {
            if (is_cancelled()) {
                lane_->resume();
                return;
            }
            auto quiesced = quiesce_plugin(deadline_ns);
            // Saved before anybody is told: each change of threads would add to the pause.
            if (quiesced && save && !is_cancelled()) {
                rest->state = instance_->save(max_state);
            }
            const std::lock_guard lock(state->mutex);
            if (!quiesced || state->cancelled) {
                go_on_after_quiesce(!state->cancelled);
            } else {
                rest->taken_back = lane_->endpoint().inbox().deliveries().count();
                lane_->detach();
                instance_->taken_back();
                at_rest_ = true;
            }
            state->result = std::move(quiesced);
            state->changed.notify_all();
        });
    });
    std::unique_lock lock(state->mutex);
    const auto patience = timeout + cancel_grace;
    if (!state->changed.wait_for(lock, patience, [&] { return state->result.has_value(); })) {
        state->cancelled = true;
        return failure("quiesce", Errc::timed_out,
                       "not quiet within " + std::to_string(timeout.count()) + " ms",
                       "it goes on by itself; raise quiesce_timeout if its work takes longer");
    }
    if (!*state->result) {
        return Failure(state->result->error());
    }
    return std::move(*rest);
}

void Generation::work_off(std::chrono::milliseconds timeout) {
    auto state = std::make_shared<Step>();
    lane_->post([this, state] { lane_->when_empty([state] { state->finish({}); }); });
    std::unique_lock lock(state->mutex);
    state->changed.wait_for(lock, timeout, [&] { return state->result.has_value(); });
}

Result<void> Generation::take_up_again(const plugin::SavedState* state) {
    if (lost_) {
        return failure("resume", Errc::unavailable, "it could not start again");
    }
    return on_lane("resume", config().start_timeout, [this, state]() -> Result<void> {
        lane_->forget(); // of its life before: what was asked then is answered to nobody
        if (state != nullptr) {
            if (auto restored = instance_->restore(*state); !restored) {
                return restored;
            }
        }
        if (auto started = start_plugin(); !started) {
            return started;
        }
        route();
        lane_->endpoint().inbox().set_limit(config().queue_size);
        lane_->attach(*this);
        sockets_.taken_over_by(context_);
        at_rest_ = false;
        return {};
    });
}

void Generation::withdraw_routes() {
    static_cast<void>(on_lane("withdraw", config().start_timeout, [this]() -> Result<void> {
        routes_ = false;
        around_.bus.subscriptions().remove_owner(lane_->endpoint(), context_);
        return {};
    }));
}

void Generation::confirm() {
    lane_->post([this] { instance_->confirm(); });
}

bool Generation::takes_live_settings() const noexcept {
    return instance_->takes_live_settings();
}

Result<void> Generation::reconfigure(const config::AgentConfig& config) {
    auto step = std::make_shared<Step>(); // owners: this call and the task
    lane_->post([this, step, settings = config.settings.dump()] {
        {
            const std::lock_guard lock(step->mutex);
            if (step->cancelled) {
                return;
            }
        }
        auto able = instance_->reconfigure(settings, false);
        step->finish(able ? instance_->reconfigure(settings, true) : able);
    });
    std::unique_lock lock(step->mutex);
    if (!step->changed.wait_for(lock, config.start_timeout,
                                [&] { return step->result.has_value(); })) {
        step->cancelled = true;
        return failure("reconfigure", Errc::timed_out, "its lane is busy");
    }
    return *step->result;
}

void Generation::ask_health(std::function<void(Result<std::string>)> answered) {
    lane_->post([this, answered = std::move(answered)] { answered(inspect("health")); });
}

void Generation::retune(const config::AgentConfig& config) {
    blueprint_.config = config;
    note_facts();
    lane_->endpoint().inbox().set_limit(config.queue_size);
    lane_->post([this, options = lane_options(), capabilities = config.capabilities] {
        capabilities_ = capabilities;
        lane_->retune(options);
    });
}

void Generation::abandon_inbox(std::vector<bus::Item>* kept, std::uint64_t kept_bytes) {
    lane_->endpoint().inbox().set_state(bus::Inbox::State::stopped);
    // Owners: this call and the step.
    const auto left = std::make_shared<std::vector<bus::Item>>();
    const auto done =
        on_lane("stop", config().quiesce_timeout, [this, left, kept, kept_bytes]() -> Result<void> {
            lane_->abandon(kept != nullptr ? left.get() : nullptr, kept_bytes);
            return {};
        });
    if (kept != nullptr && done) {
        *kept = std::move(*left);
    }
    sockets_.close_all(stuck());
    agent_arena_.forget();
}

void Generation::give_up_on() {
    if (place_->end_now("it did not come to rest when it was to stop")) {
        static_cast<void>(on_lane("stop", config().quiesce_timeout, [this]() -> Result<void> {
            lose({});
            return {};
        }));
        abandon_inbox();
        return;
    }
    stuck_ = true;
    sockets_.close_all(true);
    agent_arena_.forget();
}

} // namespace noa::supervise
