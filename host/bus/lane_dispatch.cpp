// The lane's way with one message: from the inbox to its settlement.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/stack_probe.hpp"
#include "base/status.hpp"
#include "bus/lane.hpp"

namespace noa::bus {

namespace {

constexpr std::string_view letter_prefix = "host.dead_letter.";

std::string_view text_of(const noa_error& error) noexcept {
    const auto* end = std::find(std::begin(error.text), std::end(error.text), '\0');
    return {error.text, static_cast<std::size_t>(end - error.text)};
}

noa_id no_id() noexcept {
    return {};
}

} // namespace

void Lane::fill_view(const Item& item, noa_message& out) const noexcept {
    const Record& record = *item.record;
    out.struct_size = sizeof out;
    out.kind = record.kind;
    out.flags = (record.flags & ~unsigned{Record::answer_outside}) |
                (item.attempt > 1 ? NOA_MESSAGE_REDELIVERED : 0U);
    out.priority = record.priority;
    out.id = record.id;
    out.correlation = record.is_answer() ? record.correlation : no_id();
    out.from = to_str(record.from->name());
    out.to = record.kind == NOA_MESSAGE_EVENT ? noa_str{} : to_str(endpoint_.name());
    out.subject = to_str(record.subject());
    out.content_type = to_str(record.content_type());
    out.traceparent = to_str(item.span ? item.span->traceparent : record.traceparent());
    out.body = {record.body(), record.body_bytes};
    out.sent_unix_ns = record.sent_unix_ns;
    out.deadline_ns = record.deadline_ns;
    out.hops = record.hops;
    out.attempt = item.attempt;
    out.status = record.status;
}

// At the limit of open deliveries, a request that is part of handling another message waits like
// everything else, unless what is open waits for other agents itself: two agents at their limits
// that ask each other would never be done.
Gate Lane::gate() const {
    if (draining_) {
        return Gate::draining;
    }
    if (held_.load(std::memory_order_relaxed)) {
        return Gate::closed;
    }
    if (options_.concurrency == 0 || inbox_.deliveries().count() < options_.concurrency) {
        return Gate::open;
    }
    return outbox_.requests().count() != 0 ? Gate::nested : Gate::closed;
}

void Lane::end_drain() {
    drain_deadline_ns_ = 0;
    static_cast<void>(check_drained(1));
}

void Lane::hold(bool held) noexcept {
    held_.store(held, std::memory_order_relaxed);
    if (!held) {
        inbox_.nudge();
    }
}

// `gate` as the item was taken: it may have opened since, and what was put aside goes first.
void Lane::dispatch(Item& item, Gate gate) {
    if (item.control) {
        dispatch_control(item);
    } else if (item.record->is_answer()) {
        dispatch_answer(item);
    } else if (gate == Gate::draining) {
        inbox_.hold(std::move(item));
    } else if ((gate != Gate::open && !item.is_next) || inbox_.is_behind(item)) {
        inbox_.park(std::move(item));
    } else {
        dispatch_work(item);
    }
}

void Lane::dispatch_control(Item& item) {
    auto answer = handler_->inspect(item.record->subject());
    if (answer) {
        bus_.answer(endpoint_, *item.record, NOA_OK, *answer, "application/json");
    } else {
        bus_.answer(endpoint_, *item.record, NOA_E_FAILED, answer.error().text(), "text/plain");
    }
}

void Lane::dispatch_answer(Item& item) {
    const Record& record = *item.record;
    auto waiting = outbox_.requests().take(record.token);
    if (!waiting) {
        inbox_.counters().discarded.add();
        return;
    }
    inbox_.counters().answers.add();
    note_traffic();
    cause_ = std::move(waiting->cause);
    fill_view(item, view_);
    if (!cause_.traceparent.empty()) {
        view_.traceparent = to_str(cause_.traceparent); // the asker goes on in its own span
    }
    in_hand_ = &item;
    in_call_ = true;
    handler_->on_reply(waiting->tag, record.status, &view_);
    in_call_ = false;
    in_hand_ = nullptr;
}

void Lane::dispatch_work(Item& item) {
    const Record& record = *item.record;
    if (record.wants_answer()) {
        since_sleep_ = 0; // no flood: whoever asked waits
    }
    if (record.deadline_ns != 0 && monotonic_ns() > record.deadline_ns) {
        expire(item);
        return;
    }
    if (item.attempt > 1 && !may_redeliver(item)) {
        return;
    }
    begin_span(item);
    fill_view(item, view_);
    cause_.hops = record.hops;
    cause_.deadline_ns = record.wants_answer() ? record.deadline_ns : 0;
    if (!cause_.traceparent.empty() || view_.traceparent.size != 0) {
        cause_.traceparent.assign(view(view_.traceparent));
    }
    noa_error error; // only its head is cleared: a quarter of a kilobyte for each message counts
    error.struct_size = sizeof error;
    error.code = NOA_OK;
    error.text[0] = '\0';
    calls_.store(calls_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    item.begun_ns = read_clock(CLOCK_MONOTONIC_COARSE);
    last_begun_ns_.store(item.begun_ns, std::memory_order_relaxed);
    const auto token = inbox_.deliveries().begin();
    in_hand_ = &item;
    in_hand_token_ = token;
    replied_ = false;
    in_call_ = true;
    noa_status status = NOA_OK;
    {
        const StackProbe::Doing doing(record.subject());
        status = handler_->handle(view_, token, error);
    }
    in_call_ = false;
    in_hand_ = nullptr;
    in_hand_token_ = 0;
    finish(item, token, status, error);
}

bool Lane::may_redeliver(Item& item) {
    if (item.attempt - item.revocations > options_.max_deliveries) {
        give_up(item, NOA_E_DEAD, status_text(NOA_E_DEAD));
        return false;
    }
    if (item.revocations >= options_.max_revocations) {
        give_up(item, NOA_E_DEAD,
                "taken back unsettled at " + std::to_string(item.revocations) +
                    " reloads of the agent: perhaps handling it asks for them");
        return false;
    }
    inbox_.counters().redelivered.add();
    return true;
}

void Lane::finish(Item& item, std::uint64_t token, noa_status status, const noa_error& error) {
    auto& deliveries = inbox_.deliveries();
    if (replied_) {
        static_cast<void>(deliveries.end(token));
        end_span(item, NOA_OK);
        count_handled(item);
        note_settled();
        return;
    }
    if (settled_in_hand_) {
        static_cast<void>(deliveries.end(token));
        apply(item, *std::exchange(settled_in_hand_, std::nullopt));
        return;
    }
    if (status == NOA_DEFERRED) {
        note_traffic();
        inbox_.keep(item);
        claim_if_ordered(item);
        Record* record = item.record;
        const auto early = deliveries.open(token, item);
        if (early) {
            item.record = record;
            apply(item, Settlement(*early));
        }
        return;
    }
    if (auto early = deliveries.end(token)) {
        apply(item, std::move(*early));
        return;
    }
    if (status == NOA_OK && !item.record->wants_answer()) {
        end_span(item, NOA_OK);
        count_handled(item);
        note_settled();
        return;
    }
    Settlement settlement;
    settlement.status = status;
    if (status != NOA_OK) {
        settlement.body.assign(text_of(error));
    }
    apply(item, std::move(settlement));
}

// One end for every delivery that was not answered on the spot. [lane]
void Lane::apply(Item& item, Settlement&& settlement) {
    if (settlement.status == NOA_E_RETRY) {
        inbox_.keep(item);
        redeliver(std::move(item), settlement.retry_after_ms);
        return;
    }
    const std::string_view text = settlement.status != NOA_OK && settlement.body.empty()
                                      ? status_text(settlement.status)
                                      : std::string_view(settlement.body);
    bus_.answer(endpoint_, *item.record, settlement.status, text,
                settlement.status != NOA_OK ? "text/plain" : settlement.content_type,
                item.span.get());
    end_span(item, settlement.status);
    count_handled(item);
    if (settlement.status != NOA_OK) {
        inbox_.counters().failed.add();
    }
    inbox_.release(item);
    note_settled();
}

void Lane::redeliver(Item&& item, std::uint32_t after_ms) {
    ++item.attempt;
    claim_if_ordered(item);
    const auto delay = after_ms == 0 ? default_retry_ms : after_ms;
    retry_at(std::move(item), monotonic_ns() + std::int64_t{delay} * 1'000'000);
}

void Lane::retry_at(Item&& item, std::int64_t due_ns) {
    retries_.push_back({std::move(item), due_ns});
    retry_due_ns_ = std::min(retry_due_ns_, due_ns);
}

void Lane::take_returned() {
    for (auto& returned : inbox_.deliveries().take_returned()) {
        retry_at(std::move(returned.item), returned.due_ns);
    }
}

void Lane::expire(Item& item) {
    begin_span(item);
    bus_.answer(endpoint_, *item.record, NOA_E_EXPIRED, status_text(NOA_E_EXPIRED), "text/plain",
                item.span.get());
    end_span(item, NOA_E_EXPIRED);
    inbox_.counters().expired.add();
    note_settled();
}

void Lane::give_up(Item& item, noa_status status, std::string_view why) {
    const Record& record = *item.record;
    begin_span(item);
    bus_.answer(endpoint_, record, status, why, "text/plain", item.span.get());
    end_span(item, status);
    inbox_.counters().dead.add();
    note_settled();
    if (record.kind == NOA_MESSAGE_EVENT && record.subject().starts_with(letter_prefix)) {
        inbox_.counters().dead_unannounced.add(); // who cannot take letters gets no further ones
        return;
    }
    nlohmann::json letter{
        {"agent", endpoint_.name()},    {"id", to_string(record.id)},
        {"from", record.from->name()},  {"subject", std::string(record.subject())},
        {"attempts", item.attempt - 1}, {"reloads", item.revocations},
        {"reason", std::string(why)}};
    bus_.announce(std::string(letter_prefix) + endpoint_.name(), letter.dump(), record.hops);
}

void Lane::abandon(std::vector<Item>* kept, std::uint64_t kept_bytes) {
    const auto keep = [&](Item& item) {
        const Record& record = *item.record;
        if (kept == nullptr || record.wants_answer() || record.body_bytes > kept_bytes) {
            return false;
        }
        kept_bytes -= record.body_bytes;
        inbox_.keep(item);
        kept->push_back(std::move(item));
        note_settled();
        return true;
    };
    take_returned(); // by an earlier detach
    std::vector<Item> left;
    for (auto& retry : std::exchange(retries_, {})) {
        left.push_back(std::move(retry.item));
    }
    retry_due_ns_ = never;
    auto revoked = inbox_.deliveries().revoke();
    left.insert(left.end(), std::make_move_iterator(revoked.begin()),
                std::make_move_iterator(revoked.end()));
    inbox_.put_back(std::move(left));
    inbox_.end_claims(); // of what another thread settles right now
    for (Item item; inbox_.next_urgent(item) || inbox_.next(item); item = Item{}) {
        if (item.control) {
            bus_.answer(endpoint_, *item.record, NOA_E_UNAVAILABLE, "stopped", "text/plain");
        } else if (!item.record->is_answer() && !keep(item)) {
            give_up(item, NOA_E_UNAVAILABLE, "the agent was stopped before it got to this");
        }
    }
    inbox_.settled(std::exchange(settled_unsaid_, 0));
}

} // namespace noa::bus
