// How messages end: settled by an attempt, expired, cancelled.
#include <algorithm>
#include <utility>

#include "deliveries.hpp"

namespace communication {

using noa::sdk::Time;

// What an attempt is under way for is left to that: its time-out is no later than the deadline.
void Deliveries::expire_due(Time now) {
    while (!expiries_.empty() && expiries_.begin()->first <= now) {
        const Seq seq = expiries_.begin()->second;
        expiries_.erase(expiries_.begin());
        Message& message = *all_.at(seq);
        if (message.turn == 0) {
            settle_where_it_waits(message, State::expired, "its deadline passed");
        }
    }
}

bool Deliveries::cancel(Seq seq) {
    const auto found = all_.find(seq);
    if (found == all_.end() || found->second->turn != 0) {
        return false;
    }
    settle_where_it_waits(*found->second, State::cancelled, {});
    return true;
}

void Deliveries::settle_where_it_waits(Message& message, State state, const std::string& why) {
    Recipient& recipient = recipient_of(message.terms.kind, message.terms.recipient);
    const auto waits = later_.find(Moment(message.due, message.seq));
    close(message, state, why, {});
    if (waits != later_.end()) {
        release_line(recipient, message);
        later_.erase(waits);
        return;
    }
    ++recipient.settled_waiting;
    sweep(recipient);
}

// What is settled and waits behind what is not is not kept for long.
void Deliveries::sweep(Recipient& recipient) {
    constexpr std::uint64_t many = 1000;
    if (recipient.settled_waiting < many || recipient.settled_waiting < recipient.depth) {
        return;
    }
    recipient.settled_waiting = 0;
    for (auto& [conversation, line] : recipient.lines) {
        std::erase_if(line, [](const MessagePtr& one) { return one->settled; });
    }
    for (const MessagePtr& gone : recipient.queue.take_settled()) {
        release_line(recipient, *gone);
    }
}

void Deliveries::settle(MessagePtr message, State state, const std::string& error,
                        noa::Duration took) {
    close(*message, state, error, took);
    release_line(recipient_of(message->terms.kind, message->terms.recipient), *message);
}

void Deliveries::close(Message& message, State state, const std::string& error,
                       noa::Duration took) {
    message.settled = true;
    message.state = state;
    figures_.dead += state == State::dead ? 1 : 0;
    figures_.expired += state == State::expired ? 1 : 0;
    bytes_ -= message.body.size();
    all_.erase(message.seq);
    if (message.expires != Time::max()) {
        expiries_.erase({message.expires, message.seq});
    }
    --recipient_of(message.terms.kind, message.terms.recipient).depth;
    const auto took_us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    port_.write_down(Settlement{message.seq, state, message.made, port_.wall(), 0, took_us, error},
                     message);
    message.body = {};
}

// The next of its conversation that is still wanted takes its place.
void Deliveries::release_line(Recipient& recipient, const Message& message) {
    if (!message.holds_line) {
        return;
    }
    const auto line = recipient.lines.find(message.terms.conversation);
    while (!line->second.empty()) {
        MessagePtr next = std::move(line->second.front());
        line->second.pop_front();
        if (!next->settled) {
            next->holds_line = true;
            recipient.queue.push(std::move(next));
            list(recipient);
            return;
        }
    }
    recipient.lines.erase(line);
}

} // namespace communication
