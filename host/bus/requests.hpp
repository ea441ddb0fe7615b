// The requests of one generation that still wait for their end.
#pragma once

#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "noa/message.h"

namespace noa::bus {

// What a message inherits from the one that caused it.
struct Cause {
    std::uint16_t hops = 0;
    std::int64_t deadline_ns = 0;
    std::string traceparent;
};

struct Waiting {
    std::uint64_t tag = 0;
    std::int64_t deadline_ns = 0;
    Cause cause; // of the handling that asked; its answer goes on from there
};

// [any thread], its own mutex. Tokens name a slot, its serial and the generation, so that a late
// answer never meets a stranger.
class Requests {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    explicit Requests(std::uint16_t generation) noexcept : generation_(generation) {}

    // 0 when `limit` are waiting already.
    [[nodiscard]] std::uint64_t add(Waiting&& waiting, std::size_t limit);
    // The end of a request, by its answer or because it was not accepted.
    [[nodiscard]] std::optional<Waiting> take(std::uint64_t token);
    // Takes out what is past its deadline at `now_ns`.
    [[nodiscard]] std::vector<Waiting> take_expired(std::int64_t now_ns);
    // Takes out all.
    [[nodiscard]] std::vector<Waiting> take_all();
    // No deadline is earlier; may lag behind, never ahead.
    [[nodiscard]] std::int64_t earliest() const noexcept;
    [[nodiscard]] std::size_t count() const noexcept;

private:
    struct Slot {
        std::uint32_t serial = 0;
        bool used = false;
        Waiting waiting;
    };
    mutable std::mutex mutex_;
    const std::uint16_t generation_;
    // under mutex_
    std::vector<Slot> slots_;
    std::vector<std::uint32_t> free_;
    std::size_t count_ = 0;
    std::int64_t earliest_ = never;
};

} // namespace noa::bus
