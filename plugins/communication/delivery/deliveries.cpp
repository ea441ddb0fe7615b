#include "deliveries.hpp"

#include <algorithm>

namespace communication {

namespace {

using noa::sdk::Time;

constexpr noa::Duration when_full = std::chrono::milliseconds(50);
constexpr noa::Duration without_budget = std::chrono::seconds(1);
constexpr std::int64_t longest_date_ms = 10LL * 365 * 86'400'000;

} // namespace

bool may_retry(noa_status status) noexcept {
    switch (status) {
    case NOA_E_INVALID:
    case NOA_E_UNSUPPORTED:
    case NOA_E_TOO_LARGE:
    case NOA_E_LOOP:
    case NOA_E_DENIED:
    case NOA_E_NOT_FOUND: return false;
    default: return true;
    }
}

noa::Status Deliveries::room_for(Kind kind, const std::string& name, std::uint64_t staged) {
    if (all_.size() + staged >= terms_.queue) {
        return noa::busy(std::to_string(all_.size()) + " messages are not settled yet: max_queued");
    }
    const Recipient* known = recipient(kind, name);
    if (known == nullptr && recipients_.size() >= terms_.recipients) {
        forget_idle();
        if (recipients_.size() >= terms_.recipients) {
            return noa::busy("messages for " + std::to_string(recipients_.size()) +
                             " recipients are not settled yet");
        }
    }
    if (known != nullptr && known->depth >= terms_.recipient.queue) {
        return noa::busy(std::to_string(known->depth) + " messages for " + name +
                         " are not settled yet: max_queued_recipient");
    }
    return {};
}

void Deliveries::add(MessagePtr message) {
    Recipient& recipient = recipient_of(message->terms.kind, message->terms.recipient);
    ++recipient.depth;
    Message& added = *message;
    added.accepted = port_.now();
    all_.emplace(added.seq, &added);
    if (!added.at_rest && bytes_ + added.body.size() > terms_.bodies) {
        added.body = {};
        added.at_rest = true;
    }
    bytes_ += added.body.size();
    if (added.terms.deadline != 0) {
        added.expires = time_of(added.terms.deadline);
        expiries_.emplace(added.expires, added.seq);
    }
    const bool later = added.terms.due != 0 && added.terms.due > port_.wall();
    if (later && added.made == 0) {
        added.due = time_of(added.terms.due);
        later_.emplace(Moment(added.due, added.seq), std::move(message));
    } else if (later && !added.terms.ordered) {
        // A date of ours: never further off than the longest pause, whatever became of the clock.
        try_later(std::move(message),
                  std::min<noa::Duration>(time_of(added.terms.due) - port_.now(),
                                          terms_.retry.longest_pause));
    } else {
        admit(recipient, std::move(message));
    }
}

void Deliveries::admit(Recipient& recipient, MessagePtr message) {
    const Terms& terms = message->terms;
    if (terms.ordered && !message->holds_line) {
        const auto [line, first] = recipient.lines.try_emplace(terms.conversation);
        if (!first) {
            line->second.push_back(std::move(message));
            return;
        }
        message->holds_line = true;
    }
    recipient.queue.push(std::move(message));
    list(recipient);
}

void Deliveries::list(Recipient& recipient) {
    if (!recipient.listed) {
        recipient.listed = true;
        listed_.push_back(&recipient);
    }
}

void Deliveries::pump() {
    while (!listed_.empty() && under_way_.size() < terms_.under_way) {
        Recipient& recipient = *listed_.front();
        listed_.pop_front();
        recipient.listed = false;
        if (serve(recipient)) {
            list(recipient);
        }
    }
    ask_for_tick();
}

bool Deliveries::serve(Recipient& recipient) {
    if (recipient.queue.empty() || recipient.under_way >= terms_.recipient.window) {
        return false;
    }
    const Time now = port_.now();
    MessagePtr message = recipient.queue.pop();
    if (message->settled) {
        recipient.settled_waiting -= recipient.settled_waiting > 0 ? 1 : 0;
        release_line(recipient, *message);
        return true;
    }
    Time next = recipient.breaker.next_try(now);
    if (next <= now && !recipient.bucket.take(1, now)) {
        next = now + recipient.bucket.wait(1, now);
    }
    if (next > now) {
        recipient.queue.push_front(std::move(message));
        wake_later(recipient, next);
        return false;
    }
    if (message->made > 0 && !recipient.budget.retry(now)) {
        try_later(std::move(message), without_budget);
        return true;
    }
    const std::uint64_t passage = recipient.breaker.enter(now);
    begin(recipient, std::move(message), passage);
    return true;
}

void Deliveries::begin(Recipient& recipient, MessagePtr message, std::uint64_t passage) {
    Message& begun = *message;
    if (begun.made == 0) {
        recipient.budget.first_attempt();
    } else {
        ++figures_.retried;
    }
    ++figures_.attempts;
    ++recipient.under_way;
    ++begun.made;
    begun.turn = ++turns_;
    begun.passage = passage;
    begun.begun = port_.now();
    under_way_.emplace(begun.seq, std::move(message));
    port_.attempt(begun);
}

void Deliveries::finished(Seq seq, std::uint64_t turn, const Outcome& outcome) {
    const auto found = under_way_.find(seq);
    if (found == under_way_.end() || found->second->turn != turn) {
        ++figures_.late;
        return;
    }
    MessagePtr message = std::move(found->second);
    under_way_.erase(found);
    message->turn = 0;
    Recipient& recipient = recipient_of(message->terms.kind, message->terms.recipient);
    --recipient.under_way;
    list(recipient);
    const Time now = port_.now();
    const noa::Duration took = now - message->begun;
    if (outcome.status == NOA_E_BUSY) {
        // Its inbox is full: nothing was delivered, so that this was no attempt.
        recipient.breaker.withdraw(message->passage);
        --message->made;
        --figures_.attempts;
        try_later(std::move(message), std::max(outcome.retry_after, when_full));
        return;
    }
    recipient.breaker.leave(message->passage, noa::sdk::is_failure_of_peer(outcome.status), took,
                            now);
    if (outcome.status == NOA_OK) {
        ++recipient.delivered;
        ++figures_.delivered;
        const double took_s = std::chrono::duration<double>(now - message->accepted).count();
        times_.add(took_s);
        recipient.times.add(took_s);
        settle(std::move(message), State::acked, {}, took);
        return;
    }
    ++recipient.failed;
    fail(recipient, std::move(message), outcome, took);
}

void Deliveries::fail(Recipient& recipient, MessagePtr message, const Outcome& outcome,
                      noa::Duration took) {
    const auto took_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    port_.write_down(
        Attempt{message->seq, message->made, port_.wall(), took_us, outcome.status, outcome.text});
    if (message->expires <= port_.now()) {
        settle(std::move(message), State::expired, outcome.text, took);
        return;
    }
    if (!may_retry(outcome.status) || message->made >= message->terms.attempts) {
        ++recipient.dead;
        settle(std::move(message), State::dead, outcome.text, took);
        return;
    }
    const noa::Duration pause = std::max(
        noa::sdk::pause_after(message->made, terms_.retry, port_.fraction()), outcome.retry_after);
    message->state = State::failed;
    const auto pause_ms = std::chrono::duration_cast<std::chrono::milliseconds>(pause).count();
    port_.write_down(Settlement{message->seq, State::failed, message->made, port_.wall(),
                                port_.wall() + pause_ms, took_us, outcome.text},
                     *message);
    try_later(std::move(message), pause);
}

void Deliveries::try_later(MessagePtr message, noa::Duration pause) {
    message->due = port_.now() + pause;
    const Moment moment(message->due, message->seq);
    later_.emplace(moment, std::move(message));
}

void Deliveries::wake_later(Recipient& recipient, Time time) {
    if (recipient.wake != Time()) {
        wakes_.erase({recipient.wake, &recipient});
    }
    recipient.wake = time == Time::max() ? Time() : time;
    if (recipient.wake != Time()) {
        wakes_.emplace(recipient.wake, &recipient);
    }
}

void Deliveries::tick() {
    tick_ = Time::max();
    const Time now = port_.now();
    expire_due(now);
    while (!later_.empty() && later_.begin()->first.first <= now) {
        MessagePtr message = std::move(later_.begin()->second);
        later_.erase(later_.begin());
        Recipient& recipient = recipient_of(message->terms.kind, message->terms.recipient);
        admit(recipient, std::move(message));
    }
    while (!wakes_.empty() && wakes_.begin()->first <= now) {
        Recipient& recipient = *wakes_.begin()->second;
        wakes_.erase(wakes_.begin());
        recipient.wake = Time();
        list(recipient);
    }
}

void Deliveries::ask_for_tick() {
    Time next = Time::max();
    next = later_.empty() ? next : std::min(next, later_.begin()->first.first);
    next = expiries_.empty() ? next : std::min(next, expiries_.begin()->first);
    next = wakes_.empty() ? next : std::min(next, wakes_.begin()->first);
    if (next < tick_) {
        tick_ = next;
        port_.tick_at(next);
    }
}

Recipient* Deliveries::recipient(Kind kind, const std::string& name) {
    const auto found = recipients_.find({kind, name});
    return found == recipients_.end() ? nullptr : found->second.get();
}

Recipient& Deliveries::recipient_of(Kind kind, const std::string& name) {
    if (Recipient* known = recipient(kind, name)) {
        return *known;
    }
    auto made = std::make_unique<Recipient>(kind, name, terms_.recipient, &ejections_, port_.now());
    ejections_.all = recipients_.size() + 1;
    return *recipients_.emplace(std::pair(kind, name), std::move(made)).first->second;
}

void Deliveries::forget_idle() {
    const Time now = port_.now();
    std::erase_if(recipients_, [&](const auto& entry) {
        Recipient& one = *entry.second;
        if (!one.idle(now) || one.listed || !one.queue.empty()) {
            return false;
        }
        wake_later(one, Time::max());
        return true;
    });
    ejections_.all = recipients_.size();
}

void Deliveries::look_at(Recipient& recipient) {
    wake_later(recipient, Time::max());
    list(recipient);
}

void Deliveries::loaded(Message& message, std::string body) {
    message.body = std::move(body);
    message.at_rest = false;
    bytes_ += message.body.size();
}

const Message* Deliveries::find(Seq seq) const noexcept {
    const auto found = all_.find(seq);
    return found == all_.end() ? nullptr : found->second;
}

Message* Deliveries::under_way(Seq seq, std::uint64_t turn) const noexcept {
    const auto found = under_way_.find(seq);
    return found != under_way_.end() && found->second->turn == turn ? found->second.get() : nullptr;
}

Time Deliveries::time_of(Millis date) const {
    return port_.now() + std::chrono::milliseconds(
                             std::clamp(date - port_.wall(), -longest_date_ms, longest_date_ms));
}

} // namespace communication
