#include "bus/traces.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "bus/endpoint.hpp"

namespace noa::bus {

namespace {

// An id's last 62 bits are spread evenly.
constexpr std::uint64_t even_bits = (std::uint64_t{1} << 62U) - 1;

std::uint64_t even_part(const noa_id& id) noexcept {
    std::uint64_t value = 0;
    for (std::size_t i = 8; i < sizeof id.bytes; ++i) {
        value = (value << 8U) | id.bytes[i];
    }
    return value & even_bits;
}

SpanId make_span_id() noexcept {
    const auto id = make_id();
    SpanId out;
    std::memcpy(out.data(), id.bytes + sizeof id.bytes - out.size(), out.size());
    return out;
}

} // namespace

Traces::Traces() : life_(random_u64()) {
    configure(default_sampling, default_keep);
}

void Traces::configure(double sampling, std::size_t keep) noexcept {
    const auto share = std::clamp(sampling, 0.0, 1.0);
    threshold_.store(share >= 1
                         ? even_bits + 1
                         : static_cast<std::uint64_t>(share * static_cast<double>(even_bits)),
                     std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    if (keep == keep_) {
        return;
    }
    std::vector<Span> ring;
    const auto first = std::max(first_, next_ - std::min<std::uint64_t>(next_, keep));
    ring.resize(std::min<std::uint64_t>(next_, keep));
    for (auto number = first; number < next_; ++number) {
        ring[number % keep] = std::move(ring_[number % keep_]);
    }
    ring_ = std::move(ring);
    keep_ = keep;
    first_ = first;
}

// The trace that begins with a request has the request's id.
std::unique_ptr<Span> Traces::try_begin(const Record& record,
                                        const Endpoint& agent) const noexcept {
    const bool in_share = record.kind == NOA_MESSAGE_REQUEST && record.hops == 0 &&
                          even_part(record.id) < threshold_.load(std::memory_order_relaxed) &&
                          agent.name() != "host";
    if (!in_share && !says_sampled(record.traceparent())) {
        return nullptr; // most contexts are only carried: one digit says it
    }
    const auto parent = parse_traceparent(record.traceparent());
    if (parent ? !parent->sampled : !in_share) {
        return nullptr;
    }
    auto span = std::make_unique<Span>();
    if (parent) {
        span->context.trace = parent->trace;
        span->parent = parent->span;
    } else {
        std::memcpy(span->context.trace.data(), record.id.bytes, span->context.trace.size());
    }
    span->context.span = make_span_id();
    span->context.sampled = true;
    span->agent = &agent;
    span->from = record.from;
    span->operation.assign(record.subject());
    span->traceparent = to_traceparent(span->context);
    span->sent_unix_ns = record.sent_unix_ns;
    span->started_unix_ns = unix_ns();
    span->started_ns = monotonic_ns();
    span->kind = record.kind;
    span->awaited = record.wants_answer();
    return span;
}

void Traces::end(std::unique_ptr<Span> span, std::uint32_t attempts, noa_status status) noexcept {
    span->took_ns = std::max<std::int64_t>(0, monotonic_ns() - span->started_ns);
    span->attempts = attempts;
    span->status = status;
    const std::lock_guard lock(mutex_);
    if (keep_ == 0) {
        first_ = ++next_;
        return;
    }
    const auto slot = next_ % keep_;
    if (slot < ring_.size()) {
        ring_[slot] = std::move(*span);
    } else {
        ring_.push_back(std::move(*span)); // grows in order: slot is its size
    }
    ++next_;
    first_ = std::max(first_, next_ - std::min<std::uint64_t>(next_, keep_));
}

Traces::Page Traces::page(std::uint64_t after, std::size_t limit) const {
    const std::lock_guard lock(mutex_);
    Page out;
    after = after > next_ ? 0 : after;
    auto number = std::max(after, first_);
    out.lost = number - after;
    for (; number < next_ && out.spans.size() < limit; ++number) {
        out.spans.push_back(ring_[number % keep_]);
    }
    out.next = number;
    return out;
}

std::uint64_t Traces::recorded() const {
    const std::lock_guard lock(mutex_);
    return next_;
}

} // namespace noa::bus
