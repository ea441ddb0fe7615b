// What agents did, message by message: spans of sampled traces, the last ones kept.
//
// A span is one message's way through one agent: from the first call that handles it until it is
// settled, all attempts included. Its context takes the place of the message's own, so that what
// the agent sends meanwhile is its child. Recorded is what belongs to a trace that its sender
// samples, and of requests that nothing led to the configured share; for everything else a look
// at two bytes is all that it costs, and at a digit of the context, where there is one.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/trace_context.hpp"
#include "bus/record.hpp"

namespace noa::bus {

struct Span {
    TraceContext context;
    SpanId parent{};                  // zero: it began the trace
    const Endpoint* agent = nullptr;  // outlive every span
    const Endpoint* from = nullptr;   // of the message
    std::string operation;            // or an event's subject
    std::string traceparent;          // of what it leads to
    std::int64_t sent_unix_ns = 0;    // the message, to about 4 ms
    std::int64_t started_unix_ns = 0; // its first attempt
    std::int64_t started_ns = 0;      // the same, monotonic
    std::int64_t took_ns = 0;
    std::uint32_t attempts = 0;
    noa_status status = NOA_OK;
    std::uint8_t kind = 0; // NOA_MESSAGE_REQUEST or NOA_MESSAGE_EVENT
    bool awaited = false;  // somebody waited for the answer
};

class Traces {
public:
    static constexpr std::size_t default_keep = 2'000;
    static constexpr double default_sampling = 0.01;

    Traces();

    // [any thread] `sampling`: 0 to 1, of requests that begin here. What is kept beyond `keep`
    // goes.
    void configure(double sampling, std::size_t keep) noexcept;

    // [any thread] Null unless the handling of this message is to be recorded.
    [[nodiscard]] std::unique_ptr<Span> begin(const Record& record,
                                              const Endpoint& agent) const noexcept {
        return may_begin(record) ? try_begin(record, agent) : nullptr;
    }
    // [any thread]
    void end(std::unique_ptr<Span> span, std::uint32_t attempts, noa_status status) noexcept;

    struct Page {
        std::vector<Span> spans; // in the order in which they ended
        std::uint64_t next = 0;  // to ask for what follows
        std::uint64_t lost = 0;  // that were asked for and are not kept any more
    };
    // [any thread] Of those that ended after the first `after` ones; an `after` that is more than
    // there were is of an earlier life.
    [[nodiscard]] Page page(std::uint64_t after, std::size_t limit) const;
    [[nodiscard]] std::uint64_t recorded() const;
    // Of the host: numbers begin anew with each.
    [[nodiscard]] std::uint64_t life() const noexcept { return life_; }

private:
    [[nodiscard]] bool may_begin(const Record& record) const noexcept {
        return record.traceparent_bytes != 0 ||
               (record.kind == NOA_MESSAGE_REQUEST && record.hops == 0 &&
                threshold_.load(std::memory_order_relaxed) != 0);
    }
    [[nodiscard]] std::unique_ptr<Span> try_begin(const Record& record,
                                                  const Endpoint& agent) const noexcept;

    const std::uint64_t life_;
    std::atomic<std::uint64_t> threshold_{0};
    mutable std::mutex mutex_;
    // under mutex_
    std::vector<Span> ring_; // the span with number n at n % keep_
    std::size_t keep_ = 0;
    std::uint64_t first_ = 0; // number of the oldest that is kept
    std::uint64_t next_ = 0;
};

} // namespace noa::bus
