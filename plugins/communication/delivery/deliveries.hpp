// Messages that are not settled: whose turn it is, when another attempt is due, what becomes of
// each. Knows neither the bus nor the disk.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "../model/message.hpp"
#include "noa/sdk/quantiles.hpp"
#include "noa/sdk/retry.hpp"
#include "recipient.hpp"

namespace communication {

struct DeliveryTerms {
    RecipientTerms recipient;
    noa::sdk::RetryPolicy retry{.first_pause = std::chrono::seconds(1),
                                .longest_pause = std::chrono::seconds(100)};
    std::size_t under_way = 2048;      // attempts, of all recipients
    std::uint64_t queue = 100'000;     // messages that are not settled
    std::uint64_t bodies = 32U << 20U; // bytes of theirs in memory; others are read when it is time
    std::size_t recipients = 10'000;
    double ejected = 1; // share of recipients whose breakers may be open
};

// How an attempt ended.
struct Outcome {
    noa_status status = NOA_OK;
    std::string text;
    noa::Duration retry_after{0};
};

// Whether another attempt may fare better.
[[nodiscard]] bool may_retry(noa_status status) noexcept;

// What deliveries need of whoever owns them. All of it on one thread.
class Port {
public:
    virtual ~Port() = default;
    // Begins an attempt; `finished` with the message's seq and turn ends it, at once or later.
    virtual void attempt(Message& message) = 0;
    virtual void write_down(Attempt attempt) = 0;
    virtual void write_down(Settlement settlement, const Message& message) = 0;
    // `tick` is wanted then; the last call counts.
    virtual void tick_at(noa::sdk::Time time) = 0;
    [[nodiscard]] virtual noa::sdk::Time now() const = 0;
    [[nodiscard]] virtual Millis wall() const = 0; // the same moment, as a date
    [[nodiscard]] virtual double fraction() = 0;   // of chance, 0 to 1
};

struct DeliveryFigures {
    std::uint64_t attempts = 0;
    std::uint64_t delivered = 0;
    std::uint64_t retried = 0;
    std::uint64_t dead = 0;
    std::uint64_t expired = 0;
    std::uint64_t late = 0; // ends of attempts that were over
};

class Deliveries {
public:
    // `turns`: of attempts that others before this one began; none of theirs is taken for one here.
    Deliveries(Port& port, const DeliveryTerms& terms, std::uint64_t turns)
        : port_(port), terms_(terms), turns_(turns) {
        ejections_.most = terms.ejected;
    }
    Deliveries(const Deliveries&) = delete;
    Deliveries& operator=(const Deliveries&) = delete;

    // Whether there is room for one more: NOA_E_BUSY with which queue is full.
    [[nodiscard]] noa::Status room_for(Kind kind, const std::string& recipient,
                                       std::uint64_t staged);
    // One that is in the store. Begins nothing: `pump` does.
    void add(MessagePtr message);
    // Begins what may begin. Not from within `attempt`.
    void pump();
    // The time that was asked for has come; begins nothing.
    void tick();
    // The end of an attempt. One that was over already says nothing.
    void finished(Seq seq, std::uint64_t turn, const Outcome& outcome);
    // Before an attempt of it is under way, or between two. False: it is not here, or too late.
    bool cancel(Seq seq);

    // Its body has been read from the store.
    void loaded(Message& message, std::string body);

    [[nodiscard]] const Message* find(Seq seq) const noexcept;
    [[nodiscard]] Message* under_way(Seq seq, std::uint64_t turn) const noexcept;
    [[nodiscard]] std::uint64_t size() const noexcept { return all_.size(); }
    [[nodiscard]] std::size_t under_way() const noexcept { return under_way_.size(); }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t turns() const noexcept { return turns_; }
    [[nodiscard]] std::size_t waiting_for_a_date() const noexcept { return later_.size(); }
    [[nodiscard]] const DeliveryFigures& figures() const noexcept { return figures_; }
    [[nodiscard]] const noa::Quantiles& times() const noexcept { return times_; } // seconds
    // By kind and name; `for_each(recipient)`.
    template <class F>
    void each_recipient(F&& for_each) const {
        for (const auto& [key, recipient] : recipients_) {
            for_each(*recipient);
        }
    }
    // Null: nothing was ever sent there.
    [[nodiscard]] Recipient* recipient(Kind kind, const std::string& name);
    // After its breaker was opened or closed by hand.
    void look_at(Recipient& recipient);

private:
    using Moment = std::pair<noa::sdk::Time, Seq>;

    Recipient& recipient_of(Kind kind, const std::string& name);
    void forget_idle();
    void admit(Recipient& recipient, MessagePtr message);
    // Whether it is worth looking at it again at once.
    bool serve(Recipient& recipient);
    void begin(Recipient& recipient, MessagePtr message, std::uint64_t passage);
    void try_later(MessagePtr message, noa::Duration pause);
    void wake_later(Recipient& recipient, noa::sdk::Time time);
    void list(Recipient& recipient);
    void fail(Recipient& recipient, MessagePtr message, const Outcome& outcome, noa::Duration took);
    void settle(MessagePtr message, State state, const std::string& error, noa::Duration took);
    // Takes it out of all that knows it, but for the place where it waits.
    void close(Message& message, State state, const std::string& error, noa::Duration took);
    void release_line(Recipient& recipient, const Message& message);
    void settle_where_it_waits(Message& message, State state, const std::string& why);
    void sweep(Recipient& recipient);
    void expire_due(noa::sdk::Time now);
    void ask_for_tick();
    [[nodiscard]] noa::sdk::Time time_of(Millis date) const;

    Port& port_;
    DeliveryTerms terms_;
    Ejections ejections_; // of all recipients, which go before it
    std::map<std::pair<Kind, std::string>, std::unique_ptr<Recipient>> recipients_;
    std::unordered_map<Seq, Message*> all_;
    std::unordered_map<Seq, MessagePtr> under_way_;
    std::map<Moment, MessagePtr> later_;
    std::set<Moment> expiries_;
    std::set<std::pair<noa::sdk::Time, Recipient*>> wakes_;
    std::deque<Recipient*> listed_;
    std::uint64_t turns_;
    std::uint64_t bytes_ = 0;
    noa::sdk::Time tick_ = noa::sdk::Time::max();
    DeliveryFigures figures_;
    noa::Quantiles times_;
};

} // namespace communication
