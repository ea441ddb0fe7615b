// Bodies from outside that are in use inside: bounded by bytes, since inboxes count messages.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "bus/block.hpp"

namespace noa::bus {

// Shares each body, and sees by the references when it is the last one to hold it.
// [gateway thread]
class HeldBodies {
public:
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

    explicit HeldBodies(std::uint64_t limit) : limit_(limit) {}

    // Whether `bytes` more are within the limit.
    [[nodiscard]] bool has_room(std::uint64_t bytes, std::int64_t now_ns);
    void add(BlockRef&& body, std::uint64_t bytes, std::int64_t now_ns);
    // Lets go of all that nobody else uses any more.
    void sweep(std::int64_t now_ns);
    // When to sweep next; never when nothing is held.
    [[nodiscard]] std::int64_t due() const noexcept { return held_.empty() ? never : due_ns_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

private:
    struct Held {
        BlockRef body;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] bool release_if_unused(std::size_t index) noexcept;

    const std::uint64_t limit_;
    std::vector<Held> held_;
    std::size_t cursor_ = 0;
    std::uint64_t bytes_ = 0;
    std::int64_t due_ns_ = 0;
    std::int64_t swept_ns_ = 0;
    std::int64_t pause_ns_ = 0;
};

} // namespace noa::bus
