// The fabric: one ZeroMQ context, every name, every subscription.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "bus/alarm.hpp"
#include "bus/readiness.hpp"
#include "bus/route_table.hpp"
#include "bus/subscriptions.hpp"
#include "bus/traces.hpp"

namespace noa::bus {

struct BusOptions {
    std::uint64_t max_message = NOA_BODY_MAX; // bytes of a body
    std::uint16_t max_hops = 32;
};

class Bus {
public:
    [[nodiscard]] static Result<std::unique_ptr<Bus>> open(const BusOptions& options);
    ~Bus();
    Bus(const Bus&) = delete;
    Bus& operator=(const Bus&) = delete;

    [[nodiscard]] RouteTable& routes() noexcept { return routes_; }
    [[nodiscard]] Subscriptions& subscriptions() noexcept { return subscriptions_; }
    [[nodiscard]] Alarm& alarm() noexcept { return alarm_; }
    [[nodiscard]] Readiness& readiness() noexcept { return readiness_; }
    [[nodiscard]] Traces& traces() noexcept { return traces_; }
    [[nodiscard]] const BusOptions& options() const noexcept { return options_; }
    [[nodiscard]] void* context() const noexcept { return context_; }

    // Opens the sockets behind a name; idempotent. The inbox stays absent until its state is set.
    [[nodiscard]] Result<void> open_inbox(Endpoint& endpoint);

    // Everything below: [any thread], never blocks on anything but a short mutex.

    // Gives one message to one inbox. `draft` is complete but for what the bus adds: a block of
    // its own for a large body. Control operations take their own queue.
    [[nodiscard]] Admission deliver(Endpoint& to, Draft& draft) noexcept;
    // To every subscriber. Counts how many accepted and refused.
    void publish(Draft& draft, std::uint32_t& accepted, std::uint32_t& refused) noexcept;
    // The answer to `request`, to its asker. Nothing happens when it wants none.
    // `from` answers; `block` as in Draft; `span`: of its handling, when that is recorded.
    void answer(Endpoint& from, const Record& request, noa_status status, std::string_view body,
                std::string_view content_type, const Span* span = nullptr, Block* block = nullptr,
                std::size_t block_bytes = 0) noexcept;
    // An event of noa itself, from "host". `hops` of the message that it is about, so that what
    // it brings about ends like any other loop.
    void announce(std::string_view subject, std::string_view json, std::uint16_t hops = 0) noexcept;

    // Operations that every agent answers on the control queue.
    [[nodiscard]] static bool is_control(std::string_view operation) noexcept {
        return operation == "health" || operation == "metrics" || operation == "describe";
    }

private:
    explicit Bus(const BusOptions& options) : options_(options) {}
    const BusOptions options_;
    void* context_ = nullptr; // before the routes: their sockets close first
    Subscriptions subscriptions_;
    RouteTable routes_;
    Traces traces_;
    Endpoint* host_ = nullptr;
    Endpoint* outside_ = nullptr; // the gateway's
    // last: they nudge inboxes
    Alarm alarm_;
    Readiness readiness_;
};

} // namespace noa::bus
