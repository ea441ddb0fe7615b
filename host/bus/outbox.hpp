// What one generation sends. [any thread]
#pragma once

#include <atomic>
#include <cstdint>

#include "bus/buffers.hpp"
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

    // Fills body or block of `draft` from a message. A buffer of the plugin's stays lent to `loan`
    // until the draft was accepted, then it is to be consumed.
    [[nodiscard]] noa_status take_body(const noa_outgoing& message, Draft& draft,
                                       Buffers::Loan& loan) noexcept;
    [[nodiscard]] Buffers& buffers() noexcept { return buffers_; }

    [[nodiscard]] Requests& requests() noexcept { return requests_; }
    [[nodiscard]] const Requests& requests() const noexcept { return requests_; }
    void set_task_timeout(std::int64_t ns) noexcept { task_timeout_ns_.store(ns); }
    void set_max_requests(std::size_t limit) noexcept { max_requests_.store(limit); }
    // After quiesce: no request may be made, sends and publishes still may.
    void set_closed(bool closed) noexcept { closed_.store(closed); }

private:
    [[nodiscard]] noa_status prepare(const noa_outgoing& message, const Cause* cause, Draft& draft,
                                     Buffers::Loan& loan);
    [[nodiscard]] Endpoint* find_recipient(const noa_outgoing& message) const noexcept;

    Bus& bus_;
    Endpoint& self_;
    Requests requests_;
    Buffers buffers_;
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

// Long enough for what a receipt of 1.0 says; or none wanted.
[[nodiscard]] inline bool has_room(const noa_receipt* receipt) noexcept {
    return receipt == nullptr || NOA_HAS(receipt, depth);
}
} // namespace noa::bus
