#include "bus/route_table.hpp"

#include <functional>

#include "base/names.hpp"

namespace noa::bus {

RouteTable::RouteTable() = default;

RouteTable::~RouteTable() {
    for (auto& slot : by_index_) {
        delete slot.load(std::memory_order_relaxed);
    }
}

Endpoint* RouteTable::find(std::string_view name) const noexcept {
    std::size_t slot = std::hash<std::string_view>{}(name) & (slots - 1);
    while (true) {
        Endpoint* endpoint = by_name_[slot].load(std::memory_order_acquire);
        if (endpoint == nullptr || endpoint->name() == name) {
            return endpoint;
        }
        slot = (slot + 1) & (slots - 1);
    }
}

Endpoint* RouteTable::at(noa_address address) const noexcept {
    if (address == 0 || address > max_names) {
        return nullptr;
    }
    return by_index_[address - 1].load(std::memory_order_acquire);
}

std::size_t RouteTable::count() const {
    const std::lock_guard lock(mutex_);
    return count_;
}

Endpoint* RouteTable::resolve(std::string_view name, std::uint32_t kept) {
    if (Endpoint* known = find(name)) {
        return known;
    }
    if (!is_agent_name(name)) {
        return nullptr;
    }
    const std::lock_guard lock(mutex_);
    if (Endpoint* known = find(name)) {
        return known;
    }
    if (count_ + kept >= max_names) {
        return nullptr;
    }
    auto endpoint = std::make_unique<Endpoint>(std::string(name), count_);
    std::size_t slot = std::hash<std::string_view>{}(name) & (slots - 1);
    while (by_name_[slot].load(std::memory_order_relaxed) != nullptr) {
        slot = (slot + 1) & (slots - 1);
    }
    by_index_[count_].store(endpoint.get(), std::memory_order_release);
    by_name_[slot].store(endpoint.get(), std::memory_order_release);
    ++count_;
    return endpoint.release();
}

} // namespace noa::bus
