#include "bus/outbox.hpp"

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/names.hpp"
#include "bus/hand_out.hpp"

namespace noa::bus {

namespace {

constexpr std::uint32_t retry_hint_ms = 10;

void fill(noa_receipt* receipt, std::uint32_t accepted, std::uint32_t refused, std::uint64_t depth,
          noa_status status) noexcept {
    if (receipt != nullptr) {
        hand_out({0, accepted, refused, status == NOA_E_BUSY ? retry_hint_ms : 0, depth}, *receipt);
    }
}

} // namespace

noa_status Outbox::take_body(const noa_outgoing& message, Draft& draft,
                             Buffers::Loan& loan) noexcept {
    const auto max_message = bus_.options().max_message;
    if (message.buffer == nullptr) {
        if (message.body.size > max_message) {
            return NOA_E_TOO_LARGE;
        }
        if (message.body.data != nullptr) {
            draft.body = {static_cast<const char*>(message.body.data),
                          static_cast<std::size_t>(message.body.size)};
        }
        return NOA_OK;
    }
    loan = buffers_.lend(message.buffer->handle);
    if (loan.block() == nullptr || message.buffer_used > loan.capacity()) {
        return NOA_E_INVALID;
    }
    if (message.buffer_used > max_message) {
        return NOA_E_TOO_LARGE;
    }
    const auto used = static_cast<std::size_t>(message.buffer_used);
    if (used <= inline_body_limit) { // small: packs with others
        draft.body = {reinterpret_cast<const char*>(loan.block()->first()->body()), used};
        return NOA_OK;
    }
    draft.block = loan.block();
    draft.body_bytes = used;
    return NOA_OK;
}

noa_status Outbox::prepare(const noa_outgoing& message, const Cause* cause, Draft& draft,
                           Buffers::Loan& loan) {
    if (!NOA_HAS(&message, deadline_ns)) {
        return NOA_E_INVALID;
    }
    draft.subject = view(message.subject);
    draft.content_type = view(message.content_type);
    draft.traceparent = view(message.traceparent);
    if (!is_subject(draft.subject) || message.priority > NOA_PRIORITY_LOW) {
        return draft.subject.size() > NOA_SUBJECT_MAX ? NOA_E_TOO_LARGE : NOA_E_INVALID;
    }
    if (draft.content_type.size() > NOA_CONTENT_TYPE_MAX ||
        draft.traceparent.size() > NOA_TRACEPARENT_MAX) {
        return NOA_E_TOO_LARGE;
    }
    if (const auto status = take_body(message, draft, loan); status != NOA_OK) {
        return status;
    }
    auto& head = draft.head;
    if (cause != nullptr) {
        if (cause->hops >= bus_.options().max_hops) {
            return NOA_E_LOOP;
        }
        head.hops = static_cast<std::uint16_t>(cause->hops + 1);
        if (head.kind == NOA_MESSAGE_REQUEST && (head.flags & NOA_MESSAGE_NO_REPLY) == 0) {
            head.deadline_ns = cause->deadline_ns;
        }
        if (draft.traceparent.empty()) {
            draft.traceparent = cause->traceparent;
        }
    }
    if (message.deadline_ns != 0) {
        head.deadline_ns = message.deadline_ns;
    }
    head.from = &self_;
    head.sent_unix_ns = coarse_unix_ns();
    head.id = make_id(head.sent_unix_ns);
    head.priority = static_cast<std::uint8_t>(message.priority);
    return NOA_OK;
}

Endpoint* Outbox::find_recipient(const noa_outgoing& message) const noexcept {
    return message.to != 0 ? bus_.routes().at(message.to)
                           : bus_.routes().find(view(message.to_name));
}

noa_status Outbox::send(const noa_outgoing& message, const Cause* cause, noa_receipt* receipt) {
    if (!has_room(receipt)) {
        return NOA_E_INVALID;
    }
    Draft draft;
    Buffers::Loan loan;
    draft.head.kind = NOA_MESSAGE_REQUEST;
    draft.head.flags = NOA_MESSAGE_NO_REPLY;
    if (const auto status = prepare(message, cause, draft, loan); status != NOA_OK) {
        fill(receipt, 0, 1, 0, status);
        return status;
    }
    Endpoint* to = find_recipient(message);
    if (to == nullptr) {
        fill(receipt, 0, 1, 0, NOA_E_NO_AGENT);
        return NOA_E_NO_AGENT;
    }
    const auto admission = bus_.deliver(*to, draft);
    const bool taken = admission.status == NOA_OK;
    if (taken) {
        loan.consume();
    }
    fill(receipt, taken ? 1 : 0, taken ? 0 : 1, admission.depth, admission.status);
    return admission.status;
}

noa_status Outbox::request(const noa_outgoing& message, std::uint64_t tag, const Cause* cause,
                           noa_receipt* receipt, std::int64_t& ret_deadline_ns) {
    if (!has_room(receipt)) {
        return NOA_E_INVALID;
    }
    Draft draft;
    Buffers::Loan loan;
    draft.head.kind = NOA_MESSAGE_REQUEST;
    noa_status status = closed_.load(std::memory_order_relaxed)
                            ? NOA_E_STATE
                            : prepare(message, cause, draft, loan);
    Endpoint* to = status == NOA_OK ? find_recipient(message) : nullptr;
    if (status == NOA_OK && to == nullptr) {
        status = NOA_E_NO_AGENT;
    }
    if (status != NOA_OK) {
        fill(receipt, 0, 1, 0, status);
        return status;
    }
    if (draft.head.deadline_ns == 0) {
        draft.head.deadline_ns = monotonic_ns() + task_timeout_ns_.load(std::memory_order_relaxed);
    }
    Waiting waiting{tag, draft.head.deadline_ns, cause != nullptr ? *cause : Cause{}};
    draft.head.token =
        requests_.add(std::move(waiting), max_requests_.load(std::memory_order_relaxed));
    if (draft.head.token == 0) {
        fill(receipt, 0, 1, requests_.count(), NOA_E_BUSY);
        return NOA_E_BUSY;
    }
    const auto admission = bus_.deliver(*to, draft);
    const bool taken = admission.status == NOA_OK;
    if (taken) {
        ret_deadline_ns = draft.head.deadline_ns;
        loan.consume();
    } else {
        static_cast<void>(requests_.take(draft.head.token));
    }
    fill(receipt, taken ? 1 : 0, taken ? 0 : 1, admission.depth, admission.status);
    return admission.status;
}

noa_status Outbox::publish(const noa_outgoing& message, const Cause* cause, noa_receipt* receipt) {
    if (!has_room(receipt)) {
        return NOA_E_INVALID;
    }
    Draft draft;
    Buffers::Loan loan;
    draft.head.kind = NOA_MESSAGE_EVENT;
    if (const auto status = prepare(message, cause, draft, loan); status != NOA_OK) {
        fill(receipt, 0, 0, 0, status);
        return status;
    }
    std::uint32_t accepted = 0;
    std::uint32_t refused = 0;
    bus_.publish(draft, accepted, refused);
    fill(receipt, accepted, refused, 0, NOA_OK);
    loan.consume();
    return NOA_OK;
}

} // namespace noa::bus
