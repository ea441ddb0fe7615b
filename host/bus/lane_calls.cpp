// What a generation asks of the host: see noa/host.h.
#include <algorithm>

#include "base/clock.hpp"
#include "base/status.hpp"
#include "bus/hand_out.hpp"
#include "bus/lane.hpp"

namespace noa::bus {

namespace {

thread_local const Cause* part_of = nullptr;

} // namespace

Lane::PartOf::PartOf(std::uint16_t hops) noexcept {
    cause_.hops = hops;
    part_of = &cause_;
}

Lane::PartOf::~PartOf() {
    part_of = nullptr;
}

const Cause* Lane::cause() const noexcept {
    return part_of != nullptr ? part_of : on_lane() && in_call_ ? &cause_ : nullptr;
}

bool Lane::is_in_hand(noa_delivery delivery) const noexcept {
    return on_lane() && in_hand_token_ != 0 && delivery == in_hand_token_;
}

// [lane] Whether the first settlement of what is in hand is this one.
bool Lane::settle_in_hand() noexcept {
    auto& deliveries = inbox_.deliveries();
    if (replied_ || settled_in_hand_ || deliveries.has_early(in_hand_token_)) {
        inbox_.counters().late.fetch_add(1, std::memory_order_relaxed);
        return false;
    }
    deliveries.close_in_hand();
    return true;
}

noa_status Lane::send(const noa_outgoing& message, noa_receipt* receipt) {
    return outbox_.send(message, cause(), receipt);
}

noa_status Lane::send_many(const noa_outgoing* messages, std::uint32_t stride, std::uint32_t count,
                           noa_receipt* receipt) {
    constexpr std::size_t shortest =
        offsetof(noa_outgoing, deadline_ns) + sizeof(noa_outgoing::deadline_ns);
    if (stride < shortest || !has_room(receipt)) {
        return NOA_E_INVALID;
    }
    noa_receipt each{};
    each.struct_size = sizeof each;
    noa_status status = NOA_OK;
    std::uint32_t accepted = 0;
    const auto* at = reinterpret_cast<const std::byte*>(messages);
    for (; accepted < count && status == NOA_OK; at += stride) {
        status = outbox_.send(*reinterpret_cast<const noa_outgoing*>(at), cause(), &each);
        accepted += status == NOA_OK ? 1 : 0;
    }
    if (receipt != nullptr) {
        each.accepted = accepted;
        each.refused = status == NOA_OK ? 0 : 1;
        hand_out(each, *receipt);
    }
    return status;
}

noa_status Lane::request(const noa_outgoing& message, std::uint64_t tag, noa_receipt* receipt) {
    std::int64_t deadline_ns = 0;
    const auto status = outbox_.request(message, tag, cause(), receipt, deadline_ns);
    if (status == NOA_OK && !on_lane()) {
        bus_.alarm().set(inbox_, deadline_ns);
        if (gated_) { // what is open waits for others now: see gate()
            inbox_.nudge();
        }
    }
    return status;
}

noa_status Lane::publish(const noa_outgoing& message, noa_receipt* receipt) {
    return outbox_.publish(message, cause(), receipt);
}

noa_status Lane::reply(noa_delivery delivery, const noa_outgoing& message) {
    if (!NOA_HAS(&message, deadline_ns)) {
        return NOA_E_INVALID;
    }
    Draft draft;
    Buffers::Loan loan;
    if (const auto status = outbox_.take_body(message, draft, loan); status != NOA_OK) {
        return status;
    }
    const auto content_type = view(message.content_type);
    if (content_type.size() > NOA_CONTENT_TYPE_MAX) {
        return NOA_E_TOO_LARGE;
    }
    const auto answer = [&](const Item& item) {
        bus_.answer(endpoint_, *item.record, NOA_OK, draft.body, content_type, item.span.get(),
                    draft.block, draft.body_bytes);
        loan.consume();
    };
    auto& deliveries = inbox_.deliveries();
    if (is_in_hand(delivery)) {
        if (!settle_in_hand()) {
            return NOA_E_RETIRED;
        }
        replied_ = true;
        answer(*in_hand_);
        return NOA_OK;
    }
    if (deliveries.is_in_hand(delivery)) { // handle is still on its way out on the lane
        Settlement early;
        early.with_reply = true;
        early.content_type.assign(content_type);
        if (draft.block != nullptr) {
            early.body.assign(reinterpret_cast<const char*>(draft.block->first()->body()),
                              draft.body_bytes);
        } else {
            early.body.assign(draft.body);
        }
        if (deliveries.settle_early(delivery, std::move(early))) {
            loan.consume();
            return NOA_OK;
        }
    }
    if (auto item = deliveries.take(delivery)) {
        answer(*item);
        settled_deferred(*item, NOA_OK);
        return NOA_OK;
    }
    inbox_.counters().late.fetch_add(1, std::memory_order_relaxed);
    return NOA_E_RETIRED;
}

noa_status Lane::settle(noa_delivery delivery, noa_status status, std::string_view text,
                        std::uint32_t retry_after_ms) {
    if (status == NOA_DEFERRED) {
        return NOA_E_INVALID;
    }
    Settlement settlement;
    settlement.status = status;
    settlement.body.assign(text.substr(0, NOA_ERROR_TEXT_BYTES));
    settlement.retry_after_ms = retry_after_ms;
    if (is_in_hand(delivery)) {
        if (!settle_in_hand()) {
            return NOA_E_RETIRED;
        }
        settled_in_hand_ = std::move(settlement);
        return NOA_OK;
    }
    auto& deliveries = inbox_.deliveries();
    if (deliveries.is_in_hand(delivery) &&
        deliveries.settle_early(delivery, Settlement(settlement))) {
        return NOA_OK;
    }
    auto item = deliveries.take(delivery);
    if (!item) {
        inbox_.counters().late.fetch_add(1, std::memory_order_relaxed);
        return NOA_E_RETIRED;
    }
    if (status == NOA_E_RETRY) {
        ++item->attempt;
        const auto delay = retry_after_ms == 0 ? default_retry_ms : retry_after_ms;
        deliveries.give_back(std::move(*item), monotonic_ns() + std::int64_t{delay} * 1'000'000);
        inbox_.nudge();
        return NOA_OK;
    }
    bus_.answer(endpoint_, *item->record, status,
                settlement.body.empty() && status != NOA_OK ? status_text(status)
                                                            : std::string_view(settlement.body),
                status != NOA_OK ? "text/plain" : "", item->span.get());
    settled_deferred(*item, status);
    return NOA_OK;
}

// Of what was handed over and lies behind others, the waiting is not the agent's time.
std::int64_t Lane::time_taken_by(const Item& item) noexcept {
    const auto now = read_clock(CLOCK_MONOTONIC_COARSE);
    const auto turn = hands_over_ ? last_settled_ns_.exchange(now, std::memory_order_relaxed) : 0;
    return now - std::max(item.begun_ns, turn);
}

void Lane::count_handled(const Item& item) noexcept {
    inbox_.counters().handled.add();
    inbox_.counters().took.add(time_taken_by(item));
}

void Lane::settled_deferred(Item& item, noa_status status) noexcept {
    end_span(item, status);
    auto& counters = inbox_.counters();
    counters.handled_deferred.fetch_add(1, std::memory_order_relaxed);
    counters.took.add_shared(time_taken_by(item));
    if (status != NOA_OK) {
        counters.failed_deferred.fetch_add(1, std::memory_order_relaxed);
    }
    inbox_.settled();
    inbox_.release(item);
    // A closed gate, a drain that waits for the last one, and what waits for its sender's look
    // again.
    if (!on_lane() && (awaited_ || gated_ || item.claim != 0)) {
        inbox_.nudge();
    }
}

noa_status Lane::retain(const noa_message& message, const noa_message** ret_kept) {
    if (!on_lane() || in_hand_ == nullptr || &message != &view_) {
        return NOA_E_STATE;
    }
    if (kept_messages() >= max_kept) {
        return NOA_E_BUSY;
    }
    inbox_.keep(*in_hand_);
    auto kept = std::make_unique<Kept>();
    kept->block = in_hand_->block.share();
    fill_view(*in_hand_, kept->view);
    kept->traceparent = view(view_.traceparent); // may be a span's, which ends before
    kept->view.traceparent = to_str(kept->traceparent);
    const std::lock_guard lock(mutex_);
    *ret_kept = &kept->view;
    kept_.emplace(&kept->view, std::move(kept));
    return NOA_OK;
}

noa_status Lane::release(const noa_message& kept) {
    const std::lock_guard lock(mutex_);
    return kept_.erase(&kept) != 0 ? NOA_OK : NOA_E_NOT_FOUND;
}

std::size_t Lane::kept_messages() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
}

noa_status Lane::wake(std::uint64_t tag) {
    bool attached = false;
    {
        const std::lock_guard lock(mutex_);
        if (closing_) {
            return NOA_E_RETIRED;
        }
        if (wakes_.size() >= max_wakes) {
            return NOA_E_BUSY;
        }
        wakes_.push_back(tag);
        attached = attached_;
    }
    if (attached) {
        inbox_.nudge();
    } // otherwise attach looks
    return NOA_OK;
}

} // namespace noa::bus
