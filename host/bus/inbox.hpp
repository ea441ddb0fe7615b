// An agent's queue. The host owns it; it outlives generations and is handed from lane to lane.
//
// Accepted   the moment `accept` returns NOA_OK. From then on the message is settled: handled,
//            expired, or dead-lettered.
// Depth      in the pipe + drained + unsettled. Bounded by `limit`; messages that are part of
//            handling another one (hops > 0) may use as much again, so that two agents whose
//            inboxes are full can still answer each other.
// Reserved   answers have a place from the moment of their request; control operations
//            (health, metrics, describe) have a queue of their own.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bus/deliveries.hpp"
#include "bus/durations.hpp"
#include "bus/pipe.hpp"
#include "bus/sender_queues.hpp"

namespace noa::bus {

// Written by one thread, read by any.
class Counter {
public:
    void add(std::uint64_t n = 1) noexcept {
        value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t get() const noexcept {
        return value_.load(std::memory_order_relaxed);
    }

private:
    std::atomic<std::uint64_t> value_{0};
};

struct InboxCounters {
    Counter refused; // under the pipe's mutex
    // by the lane
    Counter handled; // requests and events that the plugin finished
    Counter failed;  // of them, answered with an error
    Counter redelivered;
    Counter expired;
    Counter dead;             // given up after max_deliveries
    Counter dead_unannounced; // of them, letters about letters
    Counter answers;          // replies and errors to own requests
    Counter discarded;        // answers that nobody waited for any more
    // by any thread
    std::atomic<std::uint64_t> handled_deferred{0};
    std::atomic<std::uint64_t> failed_deferred{0};
    std::atomic<std::uint64_t> late{0}; // settlements answered NOA_E_RETIRED
    Counter busy_ns;                    // time awake, by a coarse clock
    Durations took; // of what was handled, from the call that began with it, by a coarse clock
};

// What a reader is ready to take up.
enum class Gate : std::uint8_t {
    draining, // no work: it is handed out to be put aside as it came
    closed,   // no work: it is handed out to be parked with its sender's
    nested,   // as closed; but what others wait for passes, with what their senders sent before
    open,
};

struct Admission {
    noa_status status = NOA_OK;
    std::uint64_t depth = 0;
};

class Inbox {
public:
    enum class State : std::uint8_t {
        absent,  // no such agent: NOA_E_NO_AGENT
        stopped, // NOA_E_UNAVAILABLE; answers still pass
        open,
    };
    static constexpr std::size_t control_limit = 256;
    static constexpr std::int64_t no_alarm = std::numeric_limits<std::int64_t>::max();

    // Idempotent. close: nobody may use the inbox any more.
    [[nodiscard]] Result<void> open_pipe(void* context, const std::string& address);
    void close() noexcept { pipe_.close(); }

    // Senders. [any thread]
    [[nodiscard]] Admission accept(const Draft& draft) noexcept;
    [[nodiscard]] Admission accept_control(const Draft& draft) noexcept;
    // An answer to a request of this agent's: no depth, no limit.
    [[nodiscard]] noa_status accept_answer(const Draft& draft) noexcept;
    // Wakes the reader to look at what is not a message.
    void nudge() noexcept;
    // When the alarm will nudge; written by the alarm alone.
    [[nodiscard]] std::int64_t alarm_at() const noexcept {
        return alarm_at_.load(std::memory_order_seq_cst);
    }
    void set_alarm_at(std::int64_t due_ns) noexcept {
        alarm_at_.store(due_ns, std::memory_order_seq_cst);
    }

    void set_state(State state) noexcept;
    [[nodiscard]] State state() const noexcept { return state_.load(std::memory_order_relaxed); }
    void set_limit(std::uint64_t limit) noexcept { limit_.store(limit, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t depth() const noexcept;

    // The reader. [one lane at a time]
    // What comes next; false when there is nothing. Answers pass everything that waits.
    [[nodiscard]] bool next(Item& item, Gate gate = Gate::open) noexcept;
    // Of high priority and control.
    [[nodiscard]] bool next_urgent(Item& item, Gate gate = Gate::open) noexcept {
        const bool put_aside = !held_urgent_.empty() || (queues_ && !queues_->empty());
        return (has_urgent() || put_aside) && take_urgent(item, gate);
    }
    [[nodiscard]] bool has_urgent() const noexcept {
        return urgent_count_.load(std::memory_order_acquire) != 0;
    }
    [[nodiscard]] bool take_nudge() noexcept {
        return nudged_.load(std::memory_order_relaxed) &&
               nudged_.exchange(false, std::memory_order_acquire);
    }
    // Makes an item independent of the pack that it lies in.
    void keep(Item& item) noexcept;
    // Puts an item aside as it came, until the drain is over.
    void hold(Item&& item) noexcept;
    // Whether work has to wait for earlier work of its sender.
    [[nodiscard]] bool is_behind(const Item& item) noexcept {
        return queues_ && !item.is_next && queues_->blocks(*item.record);
    }
    // Has it wait with its sender's.
    void park(Item&& item) noexcept;
    // To be delivered again, before everything else of their senders.
    void put_back(std::vector<Item>&& items) noexcept;
    // What an earlier life of the host accepted, before everything else: part of the depth again.
    void readmit(std::vector<Item>&& items) noexcept;
    // Ordered: a message that stays unsettled keeps its sender's others waiting, what is open
    // already included. Not ordered any more: nothing waits for another.
    void set_ordered(bool ordered) noexcept;
    void claim(Item& item) noexcept { queues().claim(item); }
    void end_claims() noexcept;
    // Its message is settled. [any thread]
    void release(const Item& item) noexcept {
        if (item.claim != 0) {
            queues_->release(item);
        }
    }
    // One message less. [any thread]
    void settled(std::uint64_t n = 1) noexcept {
        settled_.fetch_add(static_cast<std::int64_t>(n), std::memory_order_seq_cst);
    }
    // How many settlements a lane may collect before it says so: senders see the depth that
    // much too high, which must not matter to a small inbox.
    [[nodiscard]] std::uint64_t unsaid_limit() const noexcept {
        return std::clamp<std::uint64_t>(limit_.load(std::memory_order_relaxed) / 64, 1, 64);
    }
    // Sleeps until something comes.
    void wait() noexcept;
    [[nodiscard]] bool has_news() const noexcept {
        return pipe_.has_news() || has_urgent() || nudged_.load(std::memory_order_relaxed);
    }
    void trim() noexcept { pipe_.trim(); }
    // For a reader that polls other sockets as well: readable when there may be news.
    [[nodiscard]] void* pull_socket() const noexcept { return pipe_.pull_socket(); }

    [[nodiscard]] Deliveries& deliveries() noexcept { return deliveries_; }
    [[nodiscard]] const Deliveries& deliveries() const noexcept { return deliveries_; }
    [[nodiscard]] InboxCounters& counters() noexcept { return counters_; }
    [[nodiscard]] const InboxCounters& counters() const noexcept { return counters_; }

private:
    [[nodiscard]] bool advance(Item& item) noexcept;
    [[nodiscard]] bool take_urgent(Item& item, Gate gate) noexcept;
    [[nodiscard]] bool pop_queue(Item& item, std::uint32_t priority, Gate gate) noexcept {
        return queues_ && gate >= Gate::nested &&
               queues_->pop(item, priority, gate == Gate::nested);
    }
    [[nodiscard]] SenderQueues& queues() noexcept;

    Pipe pipe_;
    std::atomic<State> state_{State::absent};
    std::atomic<std::uint64_t> limit_{10'000};
    // accepted_ and urgent_ are under the pipe's mutex
    std::atomic<std::int64_t> accepted_{0};
    std::atomic<std::int64_t> settled_{0};
    std::deque<Item> urgent_;
    std::size_t control_waiting_ = 0;
    std::atomic<std::uint32_t> urgent_count_{0};
    std::atomic<bool> nudged_{false};
    std::atomic<std::int64_t> alarm_at_{no_alarm};

    // the reader's
    std::unique_ptr<SenderQueues> queues_; // made when first needed, then kept
    std::deque<Item> held_;                // since a drain
    std::deque<Item> held_urgent_;         // apart, or later urgent work would overtake it
    bool ordered_ = false;
    std::deque<Item> low_;
    BlockRef current_;
    std::byte* cursor_ = nullptr;
    std::uint32_t left_ = 0;

    Deliveries deliveries_;
    InboxCounters counters_;
};

} // namespace noa::bus
