#include "bus/deliveries.hpp"

#include <algorithm>

namespace noa::bus {

// [mutex held]
std::optional<Settlement> Deliveries::pop_early(std::uint64_t token) noexcept {
    std::optional<Settlement> settlement;
    if (const auto found = early_.find(token); found != early_.end()) {
        settlement = std::move(found->second);
    }
    early_.clear();
    has_early_.store(false, std::memory_order_relaxed);
    return settlement;
}

bool Deliveries::find_early(std::uint64_t token) const noexcept {
    const std::lock_guard lock(mutex_);
    return early_.contains(token);
}

std::optional<Settlement> Deliveries::open(std::uint64_t token, Item& item) {
    const std::lock_guard lock(mutex_);
    in_hand_.store(0, std::memory_order_relaxed);
    auto settlement = pop_early(token);
    if (!settlement) {
        open_.emplace(token, std::move(item));
    }
    return settlement;
}

std::optional<Item> Deliveries::take(std::uint64_t token) {
    const std::lock_guard lock(mutex_);
    const auto found = open_.find(token);
    if (found == open_.end()) {
        return std::nullopt;
    }
    std::optional<Item> item(std::move(found->second));
    open_.erase(found);
    return item;
}

bool Deliveries::settle_early(std::uint64_t token, Settlement&& settlement) {
    const std::lock_guard lock(mutex_);
    if (!is_in_hand(token)) {
        return false;
    }
    has_early_.store(true, std::memory_order_release);
    return early_.try_emplace(token, std::move(settlement)).second;
}

std::optional<Settlement> Deliveries::take_early(std::uint64_t token) noexcept {
    const std::lock_guard lock(mutex_);
    return pop_early(token);
}

std::vector<Item> Deliveries::revoke(const Why& why) {
    std::vector<std::pair<std::uint64_t, Item>> taken;
    {
        const std::lock_guard lock(mutex_);
        taken.reserve(open_.size());
        for (auto& [token, item] : open_) {
            taken.emplace_back(token, std::move(item));
        }
        open_.clear();
    }
    // Tokens grow with each delivery.
    std::sort(taken.begin(), taken.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Item> items;
    items.reserve(taken.size());
    for (auto& [token, item] : taken) {
        ++item.attempt;
        item.revocations += why(token) == Revoked::at_switch ? 1 : 0;
        items.push_back(std::move(item));
    }
    return items;
}

void Deliveries::each(const std::function<void(Item&)>& visit) {
    const std::lock_guard lock(mutex_);
    for (auto& [token, item] : open_) {
        visit(item);
    }
    for (auto& returned : returned_) {
        visit(returned.item);
    }
}

void Deliveries::give_back(Item&& item, std::int64_t due_ns) {
    const std::lock_guard lock(mutex_);
    returned_.push_back({std::move(item), due_ns});
}

std::vector<Deliveries::Returned> Deliveries::take_returned() {
    const std::lock_guard lock(mutex_);
    return std::exchange(returned_, {});
}

std::size_t Deliveries::count() const {
    const std::lock_guard lock(mutex_);
    return open_.size();
}

} // namespace noa::bus
