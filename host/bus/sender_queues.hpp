// What waits in an inbox behind something else of its own sender, in order per sender and
// priority.
//
// Who waits    behind a closed gate: everything. In an ordered inbox: what comes while an
//              earlier message of its sender is unsettled (it has a claim). What is delivered
//              again goes to the front of its sender's.
// What passes  a closed gate: requests that are part of handling another message, and whatever
//              their senders sent before them.
// Bound        the inbox's: what waits here counts as depth.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "bus/deliveries.hpp"

namespace noa::bus {

// One lane at a time, but for release.
class SenderQueues {
public:
    // Nothing waits; claims there may be.
    [[nodiscard]] bool empty() const noexcept { return waiting_ == 0; }
    [[nodiscard]] std::size_t count() const noexcept { return waiting_; }
    // With something that waits, or a claim.
    [[nodiscard]] std::size_t senders() const noexcept { return senders_.size(); }
    // Whether a message has to wait here, because of others of its sender.
    [[nodiscard]] bool blocks(const Record& record) noexcept;

    void push(Item&& item);
    // In their order before the others of their senders; claims of their own end.
    void put_back(std::vector<Item>&& items);
    // The next of a priority whose sender has no claim, senders in turn.
    [[nodiscard]] bool pop(Item& item, std::uint32_t priority, bool only_what_passes) noexcept;

    // From now on its sender's other messages wait, until its release.
    void claim(Item& item);
    // Its message is settled. Nothing when the claim has ended before.  [any thread]
    void release(const Item& item);
    void end_claims();

private:
    static constexpr std::size_t priorities = 3;
    struct Sender {
        const Endpoint* endpoint = nullptr;
        std::uint32_t claims = 0;
        std::array<std::list<Item>, priorities> waiting; // an empty list takes no memory
        std::array<std::size_t, priorities> passing{};   // so many of the first may pass
        std::array<bool, priorities> listed{};           // in ready_
        [[nodiscard]] bool idle() const noexcept;
    };
    Sender& sender_of(const Record& record);
    void push_front(Item&& item);
    void list(Sender& sender, std::size_t priority);
    void list_all(Sender& sender);
    void let_pass(Sender& sender, std::size_t priority, std::size_t count) noexcept;
    void take(Sender& sender, std::size_t priority, Item& item) noexcept;
    void end_claim(Sender& sender);
    void take_released() noexcept;

    std::unordered_map<const Endpoint*, Sender> senders_;
    // Senders with something of that priority. One with a claim is left out when its turn comes,
    // and listed again at its release.
    std::array<std::deque<Sender*>, priorities> ready_;
    std::array<std::size_t, priorities> passing_{}; // of all senders
    std::size_t waiting_ = 0;
    std::uint32_t epoch_ = 1; // of claims: those of an earlier one have ended

    struct Released {
        const Endpoint* sender = nullptr;
        std::uint32_t claim = 0;
    };
    std::mutex mutex_;
    std::vector<Released> released_; // under mutex_
    std::atomic<bool> has_released_{false};
};

} // namespace noa::bus
