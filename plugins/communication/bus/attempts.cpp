// What deliveries need of the bus.
#include <array>
#include <charconv>
#include <cstdio>
#include <utility>

#include "agent.hpp"

namespace communication {

namespace {

constexpr std::size_t longest_error = 512;
constexpr std::string_view trace_form = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00";
constexpr std::size_t trace_at = 3;
constexpr std::size_t trace_size = 32;
constexpr std::size_t span_at = 36;
constexpr std::size_t span_size = 16;
constexpr std::size_t flags_at = 53;

// Splitmix64's last steps: a check that others do not make by chance.
std::uint32_t check_of(std::uint64_t value) {
    value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
    value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
    return static_cast<std::uint32_t>(value >> 32U);
}

std::string hex(std::uint64_t value) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
    return {text.data(), span_size};
}

} // namespace

void Communication::attempt(Message& message) {
    if (message.at_rest) {
        read_body(message);
    } else {
        hand_over(message);
    }
}

void Communication::read_body(const Message& message) {
    auto result = std::make_unique<std::optional<Stored<std::string>>>();
    auto* place = result.get();
    reader_->run(
        [place, seq = message.seq](Reader& reader) { place->emplace(reader.body(seq)); },
        [this, result = std::move(result), seq = message.seq, turn = message.turn] {
            Message* waiting = deliveries_ ? deliveries_->under_way(seq, turn) : nullptr;
            if (waiting == nullptr || host().stopping()) {
                return;
            }
            if (!**result) {
                deliveries_->finished(seq, turn, {NOA_E_INVALID, (*result)->error().message()});
                return;
            }
            deliveries_->loaded(*waiting, ***std::move(result));
            hand_over(*waiting);
        });
}

void Communication::hand_over(Message& message) {
    const Terms& terms = message.terms;
    const Seq seq = message.seq;
    const std::uint64_t turn = message.turn;
    std::string whole;
    noa::sdk::Body body(message.body, terms.content_type);
    if (terms.envelope) {
        whole = enveloped(message);
        body = noa::sdk::Body(whole, noa::sdk::json_content_type);
    }
    if (terms.kind == Kind::webhook) {
        post_webhook(message, terms.envelope ? std::move(whole) : message.body);
        return;
    }
    const std::string trace = trace_of(message);
    if (terms.kind == Kind::event) {
        const auto told = publish(terms.recipient, body, {terms.priority, {}, trace});
        // Some have it: it would be told to those again.
        const bool full = told && told->accepted == 0 && told->refused > 0;
        ended(seq, turn,
              !told  ? Outcome{told.error().status, told.error().text, told.error().retry_after}
              : full ? Outcome{NOA_E_BUSY, "no subscriber has room", {}}
                     : Outcome{});
        return;
    }
    noa::Duration timeout = std::chrono::milliseconds(terms.timeout_ms);
    if (message.expires != noa::Time::max()) {
        timeout = std::clamp<noa::Duration>(message.expires - now(), noa::Duration(1), timeout);
    }
    request(terms.recipient, terms.operation, body)
        .timeout(timeout)
        .priority(terms.priority)
        .traceparent(trace)
        .then([this, seq, turn](const noa::Reply& reply) {
            ended(seq, turn,
                  {reply.status(), std::string(reply.text().substr(0, longest_error)),
                   reply.retry_after()});
        });
}

void Communication::ended(Seq seq, std::uint64_t turn, const Outcome& outcome) {
    if (deliveries_ == nullptr) {
        return;
    }
    deliveries_->finished(seq, turn, outcome);
    pump_soon();
}

void Communication::pump_soon() {
    if (pump_posted_ || host().stopping()) {
        return;
    }
    pump_posted_ = static_cast<bool>(post([this] {
        pump_posted_ = false;
        if (deliveries_ && !host().stopping()) {
            deliveries_->pump();
            flush();
        }
    }));
}

void Communication::write_down(Attempt attempt) {
    gathering_->batch.attempts.push_back(std::move(attempt));
}

void Communication::write_down(Settlement settlement, const Message& message) {
    if (settlement.state == State::dead) {
        gathering_->given_up.push_back({{"id", id_of(message)},
                                        {"sender", message.terms.sender},
                                        {"to", message.terms.recipient},
                                        {"attempts", settlement.made},
                                        {"error", settlement.error}});
    }
    gathering_->batch.settlements.push_back(std::move(settlement));
}

void Communication::tick_at(noa::Time time) {
    if (tick_timer_ != 0) {
        cancel(tick_timer_);
    }
    const noa::Duration delay = std::clamp<noa::Duration>(
        time - now(), std::chrono::milliseconds(1), std::chrono::hours(24));
    const auto timer = after(delay, [this] {
        tick_timer_ = 0;
        deliveries_->tick();
        deliveries_->pump();
        flush();
    });
    tick_timer_ = timer ? *timer : 0;
}

std::string Communication::enveloped(const Message& message) const {
    const Terms& terms = message.terms;
    noa::Json head{{"id", id_of(message)},
                   {"from", terms.sender},
                   {"to", terms.recipient},
                   {"type", name_of(terms.kind)},
                   {"sent_at", date_text(message.created)},
                   {"attempt", message.made},
                   {"redelivered", message.made > 1 || message.recovered},
                   {"content_type", terms.content_type}};
    if (!terms.operation.empty()) {
        head["operation"] = terms.operation;
    }
    if (!terms.conversation.empty()) {
        head["conversation"] = terms.conversation;
    }
    if (!terms.flags.empty()) {
        head["flags"] = list_of(terms.flags);
    }
    std::string out = noa::json_text(head);
    out.pop_back();
    if (!terms.metadata.empty()) {
        out.append(",\"metadata\":").append(terms.metadata);
    }
    out += ",\"body\":";
    out += terms.content_type == noa::sdk::json_content_type
               ? message.body
               : noa::json_text(noa::Json(message.body));
    return out += "}";
}

// The trace goes on; the span is that of this delivery. It has in it how many messages led here, so
// that what the recipient sends in consequence counts on, whatever became of this host meanwhile.
// What began in no trace, or is of one that has had its share, is not recorded.
std::string Communication::trace_of(const Message& message) {
    std::string trace = message.terms.traceparent;
    if (trace.size() != trace_form.size()) {
        trace = trace_form;
        trace.replace(trace_at, trace_size,
                      hex(secret_ ^ 0x6e6f61U) + hex(static_cast<std::uint64_t>(message.seq)));
    } else if (!trace.ends_with("-00") && !traced_.take(trace.substr(trace_at, trace_size))) {
        trace.replace(flags_at, std::string::npos, "00");
    }
    const std::uint64_t short_seq = static_cast<std::uint64_t>(message.seq) & 0xFFFFFFU;
    const std::uint64_t counted = short_seq << 8U | message.terms.hops;
    const std::uint64_t span = counted << 32U | check_of(counted ^ secret_);
    return trace.replace(span_at, span_size, hex(span));
}

std::uint8_t Communication::hops_of(std::string_view traceparent) const {
    std::uint64_t span = 0;
    if (traceparent.size() != trace_form.size()) {
        return 0;
    }
    const char* begin = traceparent.data() + span_at;
    const auto [end, error] = std::from_chars(begin, begin + span_size, span, 16);
    if (error != std::errc() || end != begin + span_size) {
        return 0;
    }
    const std::uint64_t counted = span >> 32U;
    return check_of(counted ^ secret_) == static_cast<std::uint32_t>(span)
               ? static_cast<std::uint8_t>(counted)
               : 0;
}

} // namespace communication
