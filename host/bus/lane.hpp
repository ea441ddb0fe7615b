// The one thread of a generation.
//
// Every call into the generation runs on it, dlopen and destroy included; it is joined before
// the library is closed. It consumes the agent's inbox while a handler is attached, and sleeps
// in one blocking receive: nothing polls.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "bus/bus.hpp"
#include "bus/handler.hpp"
#include "bus/outbox.hpp"
#include "bus/timers.hpp"

namespace noa::bus {

struct LaneOptions {
    std::uint64_t owner = 0;       // of subscriptions; unique per generation
    std::uint16_t generation = 1;  // of request tokens
    std::uint32_t concurrency = 0; // open deliveries; 0: no limit but the inbox's
    std::uint32_t max_deliveries = 5;
    // By switches, which are no fault of a message, unless it is the one that asks for them.
    std::uint32_t max_revocations = 32;
    bool ordered = false; // one unsettled message a sender
    std::int64_t task_timeout_ns = 30'000'000'000;
    std::size_t max_requests = 10'000; // own requests that may wait for their answer
    std::int64_t spin_ns = 0;          // how long to spin after recent traffic
    // The handler hands messages over to whoever begins with one after the other.
    bool hands_over = false;
};

class Lane : private Readiness::Watcher {
public:
    using Task = std::function<void()>;
    static constexpr std::size_t max_wakes = 65'536;
    static constexpr std::size_t max_kept = 65'536; // messages that a generation may retain

    // Starts the thread. `name` is seen in ps, cut to 15 bytes.
    [[nodiscard]] static Result<std::unique_ptr<Lane>>
    open(Bus& bus, Endpoint& endpoint, const LaneOptions& options, const std::string& name);
    // Joins. The handler must be detached.
    ~Lane() override;
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    // [any thread] Runs `task` on the lane, in order. False when the lane has been told to end.
    bool post(Task task);
    // [any thread but the lane] Ends the thread after what was posted, and joins it.
    void join();
    // [any thread] Since when the lane has been awake, about; 0 while it sleeps. With calls()
    // standing still meanwhile, it is inside one call of the handler.
    [[nodiscard]] std::int64_t busy_for_ns() const noexcept;
    [[nodiscard]] std::uint64_t calls() const noexcept {
        return calls_.load(std::memory_order_relaxed);
    }
    // [any thread] When the last of them began, or the lane became awake since; by a coarse clock.
    [[nodiscard]] std::int64_t last_begun_ns() const noexcept {
        return last_begun_ns_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] pthread_t thread() noexcept { return thread_.native_handle(); }

    // [lane] From attach on the inbox is consumed and answers arrive; detach ends both and
    // leaves the inbox to the next lane, with every open delivery back at its head. Watches end.
    void attach(Handler& handler);
    void detach(Revoked why = Revoked::at_switch) {
        detach([why](std::uint64_t) { return why; });
    }
    void detach(const Deliveries::Why& why);
    [[nodiscard]] bool is_attached() const noexcept { return handler_ != nullptr; }
    // [lane] Takes up nothing new, still receives answers; calls `done` on the lane when no
    // delivery is open and no answer awaited, or at `deadline_ns`, with whether all is done.
    void drain(std::int64_t deadline_ns, std::function<void(bool)> done);
    // [lane] Undoes drain.
    void resume();
    // [lane] The time for a drain is over: `done` is called now, if it was not yet.
    void end_drain();
    // [any thread] While held, nothing new is taken up; answers still arrive.
    void hold(bool held) noexcept;
    // [lane] Calls `done` on the lane, once, when no message is left unsettled.
    void when_empty(std::function<void()> done);
    // [lane] New limits of a running generation.
    void retune(const LaneOptions& options);
    // [lane] Ends what waits: own requests and watches are dropped, timers disarmed.
    void forget();
    // [lane] Settles everything that is left in the inbox as NOA_E_UNAVAILABLE and dead. What
    // nobody waits for goes to `kept` instead, in order, up to `kept_bytes` of bodies.
    void abandon(std::vector<Item>* kept = nullptr, std::uint64_t kept_bytes = 0);

    // What a generation asks of the host; see noa/host.h for each.
    [[nodiscard]] bool on_lane() const noexcept;
    // What this thread asks of a lane that is not its own counts, until the end, as part of
    // handling a message with that many hops.
    class PartOf {
    public:
        explicit PartOf(std::uint16_t hops) noexcept;
        PartOf(const PartOf&) = delete;
        PartOf& operator=(const PartOf&) = delete;
        ~PartOf();

    private:
        Cause cause_;
    };
    [[nodiscard]] noa_status send(const noa_outgoing& message, noa_receipt* receipt);
    [[nodiscard]] noa_status send_many(const noa_outgoing* messages, std::uint32_t stride,
                                       std::uint32_t count, noa_receipt* receipt);
    [[nodiscard]] noa_status request(const noa_outgoing& message, std::uint64_t tag,
                                     noa_receipt* receipt);
    [[nodiscard]] noa_status publish(const noa_outgoing& message, noa_receipt* receipt);
    [[nodiscard]] noa_status reply(noa_delivery delivery, const noa_outgoing& message);
    [[nodiscard]] noa_status settle(noa_delivery delivery, noa_status status, std::string_view text,
                                    std::uint32_t retry_after_ms);
    [[nodiscard]] noa_status retain(const noa_message& message, const noa_message** ret_kept);
    [[nodiscard]] noa_status release(const noa_message& kept);
    [[nodiscard]] noa_status wake(std::uint64_t tag);
    [[nodiscard]] Buffers& buffers() noexcept { return outbox_.buffers(); }
    [[nodiscard]] Timers& timers() noexcept { return timers_; }
    // [lane] Descriptors; on_ready follows while a handler is attached.
    [[nodiscard]] noa_status watch(int fd, std::uint32_t events, std::uint64_t tag);
    [[nodiscard]] noa_status unwatch(int fd);
    void drop_watches();

    [[nodiscard]] Endpoint& endpoint() noexcept { return endpoint_; }
    [[nodiscard]] Bus& bus() noexcept { return bus_; }
    [[nodiscard]] const LaneOptions& options() const noexcept { return options_; }
    [[nodiscard]] std::size_t kept_messages() const;

private:
    static constexpr std::int64_t never = Requests::never;
    static constexpr std::uint32_t default_retry_ms = 100;

    Lane(Bus& bus, Endpoint& endpoint, const LaneOptions& options);

    void has_ready() noexcept override;
    bool enqueue(Task task, bool last);
    void run();
    void run_tasks();
    void tell_ready();
    void wait_unattached();
    void look_around();
    [[nodiscard]] bool step();
    void dispatch(Item& item, Gate gate);
    void dispatch_control(Item& item);
    void dispatch_answer(Item& item);
    void dispatch_work(Item& item);
    void finish(Item& item, std::uint64_t token, noa_status status, const noa_error& error);
    void apply(Item& item, Settlement&& settlement);
    void redeliver(Item&& item, std::uint32_t after_ms);
    void give_up(Item& item, noa_status status, std::string_view why);
    void expire(Item& item);
    [[nodiscard]] bool may_redeliver(Item& item);
    [[nodiscard]] Gate gate() const;
    void run_due(std::int64_t now_ns);
    bool check_drained(std::int64_t now_ns);
    void idle();
    [[nodiscard]] bool spin() noexcept;
    void note_awake() noexcept;
    [[nodiscard]] bool is_in_hand(noa_delivery delivery) const noexcept;
    [[nodiscard]] bool settle_in_hand() noexcept;
    [[nodiscard]] std::int64_t next_due();
    void fill_view(const Item& item, noa_message& out) const noexcept;
    [[nodiscard]] const Cause* cause() const noexcept;
    void count_busy_time() noexcept;
    [[nodiscard]] std::int64_t time_taken_by(const Item& item) noexcept;
    void count_handled(const Item& item) noexcept;
    void note_settled() noexcept;
    void note_traffic() noexcept;
    void settled_deferred(Item& item, noa_status status) noexcept;
    void begin_span(Item& item) noexcept;
    void end_span(Item& item, noa_status status) noexcept;
    void retry_at(Item&& item, std::int64_t due_ns);
    void take_returned();
    void claim_if_ordered(Item& item) noexcept {
        if (options_.ordered) {
            inbox_.claim(item);
        }
    }

    Bus& bus_;
    Endpoint& endpoint_;
    Inbox& inbox_;
    LaneOptions options_; // [lane]
    const bool hands_over_;
    Outbox outbox_;

    // [lane]
    Handler* handler_ = nullptr;
    Timers timers_;
    noa_message view_{};
    Cause cause_;
    bool in_call_ = false;
    Item* in_hand_ = nullptr;
    std::uint64_t in_hand_token_ = 0;
    bool replied_ = false;
    std::optional<Settlement> settled_in_hand_;
    std::uint64_t settled_unsaid_ = 0; // settled, not yet told to the inbox
    std::uint32_t steps_ = 0;
    std::uint32_t since_sleep_ = 0;
    bool draining_ = false;
    std::atomic<bool> awaited_{false}; // somebody waits for open deliveries; read by any thread
    std::atomic<bool> gated_{false};   // a limit of open deliveries is set; read by any thread
    std::atomic<bool> held_{false};
    std::int64_t drain_deadline_ns_ = 0;
    std::function<void(bool)> drained_;
    std::function<void()> emptied_;
    std::vector<Deliveries::Returned> retries_;
    std::int64_t retry_due_ns_ = Requests::never; // the earliest of them
    std::int64_t trim_due_ns_ = Requests::never;  // when to give memory back
    std::int64_t last_traffic_ns_ = 0;
    bool ended_ = false;

    std::int64_t counted_until_ns_ = 0; // of busy time

    std::atomic<std::int64_t> busy_since_ns_{0};
    std::atomic<std::uint64_t> calls_{0};
    std::atomic<std::int64_t> last_begun_ns_{0};
    std::atomic<std::int64_t> last_settled_ns_{0}; // of what was handed over

    mutable std::mutex mutex_;
    // under mutex_
    std::condition_variable changed_;
    std::vector<Task> tasks_;
    std::vector<std::uint64_t> wakes_;
    bool ready_ = false; // a watched descriptor is
    bool attached_ = false;
    bool closing_ = false;
    struct Kept {
        noa_message view{};
        BlockRef block;
        std::string traceparent;
    };
    std::unordered_map<const noa_message*, std::unique_ptr<Kept>> kept_;

    std::thread thread_; // last: it uses everything above
};

} // namespace noa::bus
