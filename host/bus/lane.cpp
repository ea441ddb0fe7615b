#include "bus/lane.hpp"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <system_error>

#include "base/clock.hpp"

namespace noa::bus {

namespace {

constexpr std::uint32_t steps_between_looks = 16;
constexpr std::uint32_t steps_of_a_flood = 32; // without a pause
constexpr std::int64_t recent_traffic_ns = 60'000;
constexpr std::int64_t trim_after_ns = 1'000'000'000;

thread_local const Lane* current_lane = nullptr;

} // namespace

Lane::Lane(Bus& bus, Endpoint& endpoint, const LaneOptions& options)
    : bus_(bus), endpoint_(endpoint), inbox_(endpoint.inbox()), options_(options),
      hands_over_(options.hands_over), outbox_(bus, endpoint, options.generation) {
    view_.struct_size = sizeof view_;
    retune(options);
}

Result<std::unique_ptr<Lane>> Lane::open(Bus& bus, Endpoint& endpoint, const LaneOptions& options,
                                         const std::string& name) {
    std::unique_ptr<Lane> lane(new Lane(bus, endpoint, options));
    try {
        lane->thread_ = std::thread([raw = lane.get()] { raw->run(); });
    } catch (const std::system_error& error) {
        return fail(Errc::system, "start lane", endpoint.name(), error.what(),
                    "raise the limit of threads (TasksMax, ulimit -u)");
    }
    pthread_setname_np(lane->thread_.native_handle(), name.substr(0, 15).c_str());
    return lane;
}

Lane::~Lane() {
    join();
    drop_watches();
}

bool Lane::on_lane() const noexcept {
    return current_lane == this;
}

bool Lane::post(Task task) {
    return enqueue(std::move(task), false);
}

bool Lane::enqueue(Task task, bool last) {
    bool attached = false;
    {
        const std::lock_guard lock(mutex_);
        if (closing_) {
            return false;
        }
        tasks_.push_back(std::move(task));
        closing_ = last;
        attached = attached_;
    }
    if (attached) {
        inbox_.nudge();
    } else {
        changed_.notify_one();
    }
    return true;
}

void Lane::join() {
    enqueue([this] { ended_ = true; }, true);
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::int64_t Lane::busy_for_ns() const noexcept {
    const auto since = busy_since_ns_.load(std::memory_order_relaxed);
    return since == 0 ? 0 : std::max<std::int64_t>(1, monotonic_ns() - since);
}

void Lane::attach(Handler& handler) {
    handler_ = &handler;
    outbox_.set_closed(false);
    inbox_.set_ordered(options_.ordered);
    bool posted = false;
    {
        const std::lock_guard lock(mutex_);
        attached_ = true;
        posted = !tasks_.empty();
    }
    if (posted) {
        inbox_.nudge(); // whoever posted saw no handler yet, and did not
    }
}

void Lane::detach(const Deliveries::Why& why) {
    inbox_.put_back(inbox_.deliveries().revoke(why));
    inbox_.settled(std::exchange(settled_unsaid_, 0));
    for (auto& returned : retries_) {
        inbox_.deliveries().give_back(std::move(returned.item), returned.due_ns);
    }
    retries_.clear();
    retry_due_ns_ = never;
    timers_.clear(); // start arms them anew, the next generation's or this one's
    handler_ = nullptr;
    draining_ = false;
    awaited_ = false;
    drained_ = nullptr;
    emptied_ = nullptr;
    drop_watches();
    const std::lock_guard lock(mutex_);
    attached_ = false;
}

void Lane::drain(std::int64_t deadline_ns, std::function<void(bool)> done) {
    draining_ = true;
    awaited_ = true;
    drain_deadline_ns_ = deadline_ns;
    drained_ = std::move(done);
    outbox_.set_closed(true);
}

void Lane::resume() {
    draining_ = false;
    awaited_ = false;
    drained_ = nullptr;
    outbox_.set_closed(false);
}

void Lane::when_empty(std::function<void()> done) {
    awaited_ = true;
    emptied_ = std::move(done);
}

void Lane::retune(const LaneOptions& options) {
    options_ = options;
    outbox_.set_task_timeout(options.task_timeout_ns);
    outbox_.set_max_requests(options.max_requests);
    gated_ = options.concurrency != 0;
    if (handler_ == nullptr) {
        return; // the inbox is not this lane's yet
    }
    inbox_.set_ordered(options.ordered);
    for (auto& retry : retries_) {
        claim_if_ordered(retry.item);
    }
}

void Lane::forget() {
    outbox_.set_closed(true);
    inbox_.counters().discarded.add(outbox_.requests().take_all().size());
    timers_.clear();
    drop_watches();
}

void Lane::run() {
    current_lane = this;
    while (!ended_) {
        if (handler_ == nullptr) {
            wait_unattached();
            run_tasks();
            continue;
        }
        ++since_sleep_;
        if (++steps_ >= steps_between_looks) {
            look_around();
            if (handler_ == nullptr) {
                continue;
            }
        }
        if (!step()) {
            idle();
        }
    }
}

void Lane::run_tasks() {
    std::vector<Task> tasks;
    std::vector<std::uint64_t> wakes;
    {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
    }
    for (auto& task : tasks) {
        task();
    }
    if (handler_ == nullptr) {
        return; // wakes wait for a handler
    }
    bool ready = false;
    {
        const std::lock_guard lock(mutex_);
        wakes.swap(wakes_);
        ready = std::exchange(ready_, false);
    }
    for (const auto tag : wakes) {
        handler_->on_wake(tag);
    }
    if (ready) {
        tell_ready();
    }
    take_returned();
}

void Lane::wait_unattached() {
    busy_since_ns_.store(0, std::memory_order_relaxed);
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return !tasks_.empty(); });
    }
    note_awake();
}

// Timers and deadlines, between messages of a busy inbox too.
void Lane::look_around() {
    steps_ = 0;
    count_busy_time();
    const auto due = next_due();
    if (due == never) {
        return;
    }
    const auto now = monotonic_ns();
    if (due <= now) {
        run_due(now);
    }
}

bool Lane::step() {
    if (inbox_.take_nudge()) {
        run_tasks();
        if (handler_ == nullptr || ended_) {
            return true;
        }
        look_around();
        if (trim_due_ns_ != never && monotonic_ns() >= trim_due_ns_) {
            inbox_.trim();
            trim_due_ns_ = never;
        }
        if (handler_ == nullptr) {
            return true;
        }
    }
    Item item;
    const auto gate = this->gate();
    if (!inbox_.next_urgent(item, gate) && !inbox_.next(item, gate)) {
        return false;
    }
    dispatch(item, gate);
    return true;
}

std::int64_t Lane::next_due() {
    auto due = std::min(timers_.earliest(), outbox_.requests().earliest());
    due = std::min(due, retry_due_ns_);
    return drained_ ? std::min(due, drain_deadline_ns_) : due;
}

void Lane::run_due(std::int64_t now_ns) {
    // Each once at most: one that is armed anew for the past must not keep the lane.
    for (auto left = timers_.count(); left > 0; --left) {
        const auto tag = timers_.take_due(now_ns);
        if (!tag) {
            break;
        }
        cause_ = Cause{};
        handler_->on_timer(*tag);
    }
    for (auto& waiting : outbox_.requests().take_expired(now_ns)) {
        cause_ = std::move(waiting.cause);
        in_call_ = true;
        handler_->on_reply(waiting.tag, NOA_E_EXPIRED, nullptr);
        in_call_ = false;
    }
    if (retry_due_ns_ <= now_ns) {
        std::vector<Item> due;
        for (auto& retry : std::exchange(retries_, {})) {
            if (retry.due_ns <= now_ns) {
                due.push_back(std::move(retry.item));
            } else {
                retries_.push_back(std::move(retry));
            }
        }
        inbox_.put_back(std::move(due));
        retry_due_ns_ = never;
        for (const auto& retry : retries_) {
            retry_due_ns_ = std::min(retry_due_ns_, retry.due_ns);
        }
    }
    check_drained(now_ns);
}

// Whether it was time to say so.
bool Lane::check_drained(std::int64_t now_ns) {
    if (!drained_) {
        return false;
    }
    const bool all = inbox_.deliveries().count() == 0 && outbox_.requests().count() == 0;
    if (!all && now_ns < drain_deadline_ns_) {
        return false;
    }
    std::exchange(drained_, nullptr)(all);
    return true;
}

void Lane::idle() {
    inbox_.settled(std::exchange(settled_unsaid_, 0));
    if (emptied_ && inbox_.depth() == 0) {
        std::exchange(emptied_, nullptr)();
        return; // it may have detached
    }
    if (drained_ && check_drained(monotonic_ns())) {
        return; // it may have detached, or resumed with work that was held
    }
    handler_->on_idle();
    if (options_.spin_ns > 0 && spin()) {
        return;
    }
    if (std::exchange(since_sleep_, 0) >= steps_of_a_flood) {
        // Senders are at full speed: one turn for them saves a sleep and a wake-up for each few
        // messages. Never after light traffic, where a busy neighbour would cost milliseconds, nor
        // after answers: to one who has given way, the kernel prefers whoever an answer wakes, and
        // then each answer costs two switches (measured: 2.4 us of CPU a request, not 1.05).
        ::sched_yield();
        if (inbox_.has_news()) {
            return;
        }
    }
    const auto due = std::min(next_due(), trim_due_ns_);
    if (due != never) {
        bus_.alarm().set(inbox_, due);
    }
    count_busy_time();
    busy_since_ns_.store(0, std::memory_order_relaxed);
    inbox_.wait();
    note_awake();
}

void Lane::note_awake() noexcept {
    counted_until_ns_ = read_clock(CLOCK_MONOTONIC_COARSE);
    last_begun_ns_.store(counted_until_ns_, std::memory_order_relaxed);
    busy_since_ns_.store(counted_until_ns_, std::memory_order_relaxed);
}

// By a coarse clock: exact in the long run, and it costs next to nothing.
void Lane::count_busy_time() noexcept {
    const auto now = read_clock(CLOCK_MONOTONIC_COARSE);
    if (counted_until_ns_ != 0 && now > counted_until_ns_) {
        inbox_.counters().busy_ns.add(static_cast<std::uint64_t>(now - counted_until_ns_));
    }
    counted_until_ns_ = now;
}

// Waking a sleeping thread on another core costs tens of microseconds, a spinning one under one.
bool Lane::spin() noexcept {
    auto now = monotonic_ns();
    if (now - last_traffic_ns_ > recent_traffic_ns) {
        return false;
    }
    const auto until = now + options_.spin_ns;
    while (now < until) {
        for (int i = 0; i < 16; ++i) {
            if (inbox_.has_news()) {
                return true;
            }
#if defined(__x86_64__)
            __builtin_ia32_pause();
#endif
        }
        now = monotonic_ns();
    }
    return false;
}

void Lane::note_traffic() noexcept {
    if (trim_due_ns_ == never) {
        trim_due_ns_ = monotonic_ns() + trim_after_ns;
    }
    if (options_.spin_ns > 0) {
        last_traffic_ns_ = monotonic_ns();
    }
}

void Lane::note_settled() noexcept {
    note_traffic();
    if (++settled_unsaid_ >= inbox_.unsaid_limit()) {
        inbox_.settled(std::exchange(settled_unsaid_, 0));
    }
}

} // namespace noa::bus
