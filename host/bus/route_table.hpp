// Names to endpoints. Lookups take no lock and cost the same with one agent or a thousand.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "bus/endpoint.hpp"

namespace noa::bus {

class RouteTable {
public:
    // Names in the life of a host. Nothing is ever removed, so it is a bound, not a cache.
    static constexpr std::size_t max_names = 4096;
    // Of them, those that are left to the configuration: what plugins and programs outside
    // mention, be it by order of strangers, takes no more than the rest.
    static constexpr std::uint32_t kept_for_agents = 1024;

    RouteTable();
    ~RouteTable();
    RouteTable(const RouteTable&) = delete;
    RouteTable& operator=(const RouteTable&) = delete;

    // [any thread], without a lock
    [[nodiscard]] Endpoint* find(std::string_view name) const noexcept;
    [[nodiscard]] Endpoint* at(noa_address address) const noexcept;

    // The endpoint of `name`, made when it is new and `kept` places and one more are free. Null
    // when they are not, or the name is no agent name.  [any thread]
    [[nodiscard]] Endpoint* resolve(std::string_view name, std::uint32_t kept = 0);
    [[nodiscard]] std::size_t count() const;

private:
    static constexpr std::size_t slots = max_names * 2; // a power of two, at most half full
    std::array<std::atomic<Endpoint*>, slots> by_name_{};
    std::array<std::atomic<Endpoint*>, max_names> by_index_{};
    mutable std::mutex mutex_;
    std::uint32_t count_ = 0; // under mutex_
};

} // namespace noa::bus
