// Deliveries that a plugin keeps open. First settlement wins, by token.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "bus/block.hpp"
#include "bus/traces.hpp"

namespace noa::bus {

// One message on its way through a lane.
struct Item {
    Record* record = nullptr;
    std::uint32_t attempt = 1;
    std::uint32_t claim = 0;       // of an ordered inbox: it keeps its sender's others waiting
    std::uint32_t revocations = 0; // of its attempts: those that a switch ended
    std::int64_t begun_ns = 0;     // with this attempt; by a coarse clock
    bool control = false;          // of the control queue: not part of the depth
    bool is_next = false;          // comes from its sender's queue: nothing is before it
    BlockRef block;                // empty while the record lies in the inbox's current pack
    std::unique_ptr<Span> span;    // when its handling is recorded: of all its attempts
};

// Why open deliveries are taken back.
enum class Revoked : std::uint8_t {
    at_switch, // no fault of the message; counted apart from its deliveries
    by_loss,   // whoever had them is gone, perhaps because of them
};

// How somebody settled a delivery.
struct Settlement {
    noa_status status = NOA_OK;
    bool with_reply = false;
    std::string body; // of a reply; of an error its text
    std::string content_type;
    std::uint32_t retry_after_ms = 0;
};

// [any thread], its own mutex.
class Deliveries {
public:
    // Opens `item` under `token`. A settlement that came before (a worker thread was faster
    // than handle returned) is given back instead, with the item.
    [[nodiscard]] std::optional<Settlement> open(std::uint64_t token, Item& item);
    // Takes the delivery out, to be settled by the caller.
    [[nodiscard]] std::optional<Item> take(std::uint64_t token);
    // Whether handle runs with it right now. Asked before `take`: a delivery is in hand, then
    // open, without a gap between.
    [[nodiscard]] bool is_in_hand(std::uint64_t token) const noexcept {
        return token != 0 && in_hand_.load(std::memory_order_acquire) == token;
    }
    // Remembers a settlement of the delivery that is in the plugin's hands right now.
    // False when `token` is not that one.
    [[nodiscard]] bool settle_early(std::uint64_t token, Settlement&& settlement);
    [[nodiscard]] bool has_early(std::uint64_t token) const noexcept {
        return has_early_.load(std::memory_order_acquire) && find_early(token);
    }
    // Brackets one call of handle; begin gives its token. [lane]
    [[nodiscard]] std::uint64_t begin() noexcept {
        in_hand_.store(++last_token_, std::memory_order_release);
        return last_token_;
    }
    // Settled by the lane itself: other threads come too late from now on. [lane]
    void close_in_hand() noexcept { in_hand_.store(0, std::memory_order_release); }
    // A settlement by another thread, if there was one: it came first. [lane]
    [[nodiscard]] std::optional<Settlement> end(std::uint64_t token) noexcept {
        close_in_hand();
        return has_early_.load(std::memory_order_acquire) ? take_early(token) : std::nullopt;
    }

    // Everything open, oldest first, each with one attempt more; nothing is open afterwards.
    using Why = std::function<Revoked(std::uint64_t token)>;
    [[nodiscard]] std::vector<Item> revoke(const Why& why);
    [[nodiscard]] std::vector<Item> revoke(Revoked why = Revoked::at_switch) {
        return revoke([why](std::uint64_t) { return why; });
    }
    // Everything open, or handed back and not taken yet.
    void each(const std::function<void(Item&)>& visit);
    // Hands an item back to the lane for redelivery at `due_ns`.
    void give_back(Item&& item, std::int64_t due_ns);
    struct Returned {
        Item item;
        std::int64_t due_ns = 0;
    };
    [[nodiscard]] std::vector<Returned> take_returned();

    [[nodiscard]] std::size_t count() const;

private:
    [[nodiscard]] bool find_early(std::uint64_t token) const noexcept;
    [[nodiscard]] std::optional<Settlement> take_early(std::uint64_t token) noexcept;
    [[nodiscard]] std::optional<Settlement> pop_early(std::uint64_t token) noexcept;

    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, Item> open_;
    std::unordered_map<std::uint64_t, Settlement> early_;
    std::vector<Returned> returned_;
    std::atomic<std::uint64_t> in_hand_{0};
    std::atomic<bool> has_early_{false};
    std::uint64_t last_token_ = 0; // the lane's; grows for the life of the inbox
};

} // namespace noa::bus
