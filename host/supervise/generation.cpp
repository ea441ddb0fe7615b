#include "supervise/generation.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <condition_variable>
#include <system_error>

#include "base/clock.hpp"
#include "base/names.hpp"
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

} // namespace

Generation::Generation(Surroundings& around, Blueprint blueprint)
    : around_(around), blueprint_(std::move(blueprint)), name_(blueprint_.config.name) {}

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
    options.max_deliveries = config().max_deliveries;
    options.task_timeout_ns = std::chrono::nanoseconds(config().task_timeout).count();
    options.max_requests = config().queue_size;
    options.spin_ns = std::chrono::nanoseconds(around_.spin).count();
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
    auto lane = bus::Lane::open(around.bus, *endpoint, made->lane_options(), "noa-" + name);
    if (!lane) {
        retire(std::move(made));
        return Failure(lane.error());
    }
    made->lane_ = std::move(*lane);
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
    auto library = plugin::Library::open(blueprint_.file.path);
    if (!library) {
        return Failure(library.error());
    }
    library_ = std::move(*library);
    auto instance = plugin::Instance::create(library_->table(), host_table(), context_);
    if (!instance) {
        return Failure(instance.error());
    }
    instance_ = std::move(*instance);
    const auto settings = config().settings.dump();
    if (auto valid = instance_->configure(settings, false); !valid) {
        return valid;
    }
    return instance_->configure(settings, true);
}

Result<void> Generation::start(const plugin::SavedState* state) {
    return on_lane("start", config().start_timeout, [this, state] { return start_on_lane(state); });
}

Result<void> Generation::start_on_lane(const plugin::SavedState* state) {
    if (state != nullptr && !state->bytes.empty()) {
        if (auto restored = instance_->restore(*state); !restored) {
            return restored;
        }
    }
    leased_ = true;
    // Answers to requests made in start need the inbox; nothing else is taken up before attach.
    auto& endpoint = lane_->endpoint();
    if (endpoint.inbox().state() == bus::Inbox::State::absent) {
        endpoint.inbox().set_state(bus::Inbox::State::stopped);
    }
    if (auto started = instance_->start(); !started) {
        leased_ = false;
        lane_->forget();
        return started;
    }
    routes_ = true;
    for (const auto& pattern : std::exchange(waiting_subscriptions_, {})) {
        static_cast<void>(around_.bus.subscriptions().add(endpoint, context_, pattern));
    }
    endpoint.inbox().set_limit(config().queue_size);
    lane_->attach(*this);
    endpoint.inbox().set_state(bus::Inbox::State::open);
    started_unix_ns_ = unix_ns();
    return {};
}

Result<void> Generation::quiesce(std::chrono::milliseconds timeout) {
    auto state = std::make_shared<Step>();
    const auto deadline_ns = monotonic_ns() + std::chrono::nanoseconds(timeout).count();
    // Deferred work and awaited answers get half of the time, the plugin's quiesce the rest.
    const auto drain_ns = deadline_ns - std::chrono::nanoseconds(timeout).count() / 2;
    const auto is_cancelled = [state] {
        const std::lock_guard lock(state->mutex);
        return state->cancelled;
    };
    lane_->post([this, state, is_cancelled, deadline_ns, drain_ns] {
        if (is_cancelled()) {
            return;
        }
        lane_->drain(drain_ns, [this, state, is_cancelled, deadline_ns](bool) {
            if (is_cancelled()) {
                lane_->resume();
                return;
            }
            auto quiesced = instance_->quiesce(deadline_ns);
            const std::lock_guard lock(state->mutex);
            if (!quiesced || state->cancelled) {
                static_cast<void>(instance_->start());
                lane_->resume();
            } else {
                lane_->detach();
                leased_ = false;
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
    return *state->result;
}

void Generation::work_off(std::chrono::milliseconds timeout) {
    auto state = std::make_shared<Step>();
    lane_->post([this, state] { lane_->when_empty([state] { state->finish({}); }); });
    std::unique_lock lock(state->mutex);
    state->changed.wait_for(lock, timeout, [&] { return state->result.has_value(); });
}

Result<plugin::SavedState> Generation::save() {
    auto saved = std::make_shared<plugin::SavedState>(); // owners: this call and the step
    auto done = on_lane("save", config().quiesce_timeout, [this, saved]() -> Result<void> {
        auto state = instance_->save(max_state);
        if (!state) {
            return Failure(state.error());
        }
        *saved = std::move(*state);
        return {};
    });
    if (!done) {
        return Failure(done.error());
    }
    return std::move(*saved);
}

Result<void> Generation::take_up_again() {
    return on_lane("resume", config().start_timeout, [this]() -> Result<void> {
        leased_ = true;
        if (auto started = instance_->start(); !started) {
            leased_ = false;
            return started;
        }
        lane_->attach(*this);
        return {};
    });
}

void Generation::confirm() {
    lane_->post([this] { instance_->confirm(); });
}

void Generation::retune(const config::AgentConfig& config) {
    blueprint_.config = config;
    lane_->endpoint().inbox().set_limit(config.queue_size);
    lane_->post([this, options = lane_options(), capabilities = config.capabilities] {
        capabilities_ = capabilities;
        lane_->retune(options);
    });
}

void Generation::abandon_inbox() {
    lane_->endpoint().inbox().set_state(bus::Inbox::State::stopped);
    static_cast<void>(on_lane("stop", config().quiesce_timeout, [this]() -> Result<void> {
        lane_->abandon();
        return {};
    }));
}

void Generation::retire(std::unique_ptr<Generation> generation) {
    auto& around = generation->around_;
    const auto& blueprint = generation->blueprint_;
    const auto pin = [&](std::string reason) {
        around.leftovers.add_pin({generation->name_, blueprint.number,
                                  blueprint.file.source.string(), std::move(reason)});
    };
    if (generation->stuck()) {
        pin("its lane does not return from the plugin");
        around.leftovers.add_stuck(std::move(generation));
        return;
    }
    if (!generation->unload()) {
        pin("still mapped after dlclose: a thread, a UNIQUE symbol or NODELETE holds it");
    }
    plugin::StageDir::remove(blueprint.file);
}

bool Generation::unload() {
    context_table().revoke(context_);
    if (lane_) {
        lane_->post([this] {
            lane_->forget();
            instance_.reset();
            set_generation_of_this_thread(nullptr);
        });
        lane_->join();
        around_.bus.subscriptions().remove_owner(lane_->endpoint(), context_);
    }
    if (!library_) {
        return true;
    }
    const auto path = library_->path();
    library_->close();
    library_.reset();
    return !plugin::is_mapped(path);
}

noa_status Generation::handle(const noa_message& message, noa_delivery delivery,
                              noa_error& error) noexcept {
    return instance_->handle(message, delivery, error);
}

void Generation::on_reply(std::uint64_t tag, noa_status status,
                          const noa_message* message) noexcept {
    instance_->on_reply(tag, status, message);
}

void Generation::on_wake(std::uint64_t tag) noexcept {
    instance_->on_wake(tag);
}

void Generation::on_timer(std::uint64_t tag) noexcept {
    instance_->on_timer(tag);
}

void Generation::plugin_log(std::uint32_t level, std::string_view event, std::string_view text) {
    const auto known = level >= NOA_LOG_DEBUG && level <= NOA_LOG_ERROR;
    around_.log.write(known ? static_cast<Level>(level) : Level::info, event,
                      {{"agent", name_},
                       {"generation", blueprint_.number},
                       {"text", std::string(text.substr(0, 4096))}});
}

noa_status Generation::subscribe(std::string_view pattern) {
    if (!lane_->on_lane()) {
        return NOA_E_STATE;
    }
    if (routes_) {
        return around_.bus.subscriptions().add(lane_->endpoint(), context_, pattern);
    }
    if (!is_pattern(pattern)) {
        return NOA_E_INVALID;
    }
    if (waiting_subscriptions_.size() >= bus::Subscriptions::max_per_endpoint) {
        return NOA_E_TOO_LARGE;
    }
    waiting_subscriptions_.emplace_back(pattern);
    return NOA_OK;
}

noa_status Generation::unsubscribe(std::string_view pattern) {
    if (!lane_->on_lane()) {
        return NOA_E_STATE;
    }
    if (routes_) {
        return around_.bus.subscriptions().remove(lane_->endpoint(), context_, pattern);
    }
    return std::erase(waiting_subscriptions_, pattern) != 0 ? NOA_OK : NOA_E_NOT_FOUND;
}

noa_status Generation::state_dir(std::string_view& ret_path) {
    if (!lane_->on_lane() || !leased_) {
        return NOA_E_STATE;
    }
    if (state_dir_.empty()) {
        const auto path = around_.agents_dir / name_;
        if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
            return NOA_E_FAILED;
        }
        state_dir_ = path.string();
    }
    ret_path = state_dir_;
    return NOA_OK;
}

} // namespace noa::supervise
