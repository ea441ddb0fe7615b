// What one generation sends. [any thread]
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "bus/bus.hpp"
#include "bus/requests.hpp"

namespace noa::bus {

class Outbox {
public:
    Outbox(Bus& bus, Endpoint& self, std::uint16_t generation)
        : bus_(bus), self_(self), requests_(generation) {}

    // `cause`: what is being handled on this thread, or null.
    [[nodiscard]] noa_status send(const noa_outgoing& message, const Cause* cause,
                                  noa_receipt* receipt);
    // `earlier` says whether the lane must wake for a deadline before `wakes_at_ns`.
    [[nodiscard]] noa_status request(const noa_outgoing& message, std::uint64_t tag,
                                     const Cause* cause, noa_receipt* receipt,
                                     std::int64_t& ret_deadline_ns);
    [[nodiscard]] noa_status publish(const noa_outgoing& message, const Cause* cause,
                                     noa_receipt* receipt);

    [[nodiscard]] Requests& requests() noexcept { return requests_; }
    void set_task_timeout(std::int64_t ns) noexcept { task_timeout_ns_.store(ns); }
    void set_max_requests(std::size_t limit) noexcept { max_requests_.store(limit); }
    // After quiesce: no request may be made, sends and publishes still may.
    void set_closed(bool closed) noexcept { closed_.store(closed); }

private:
    [[nodiscard]] noa_status prepare(const noa_outgoing& message, const Cause* cause,
                                     Draft& draft) const;
    [[nodiscard]] Endpoint* find_recipient(const noa_outgoing& message) const noexcept;

    Bus& bus_;
    Endpoint& self_;
    Requests requests_;
    std::atomic<std::int64_t> task_timeout_ns_{30'000'000'000};
    std::atomic<std::size_t> max_requests_{10'000};
    std::atomic<bool> closed_{false};
};

// A view of what crossed the ABI.
[[nodiscard]] inline std::string_view view(const noa_str& text) noexcept {
    return {text.data, text.data == nullptr ? 0 : static_cast<std::size_t>(text.size)};
}
[[nodiscard]] inline noa_str to_str(std::string_view text) noexcept {
    return {text.data(), text.size()};
}

// An output of the contract: as much of it as there is room for, and how much that is.
template <class T>
void hand_out(T value, T& room) noexcept {
    value.struct_size = std::min<std::uint32_t>(room.struct_size, sizeof value);
    std::memcpy(&room, &value, value.struct_size);
}
// Long enough for what a receipt of 1.0 says; or none wanted.
[[nodiscard]] inline bool has_room(const noa_receipt* receipt) noexcept {
    return receipt == nullptr || NOA_HAS(receipt, depth);
}

// Fills body or block of `draft` from a message; NOA_E_TOO_LARGE over `max_message`.
[[nodiscard]] noa_status take_body(const noa_outgoing& message, std::uint64_t max_message,
                                   Draft& draft) noexcept;
// The plugin's handle of a block that it writes in place.
[[nodiscard]] noa_buffer to_buffer(Block* block, std::uint64_t size) noexcept;
[[nodiscard]] Block* from_buffer(const noa_buffer& buffer) noexcept;

} // namespace noa::bus
