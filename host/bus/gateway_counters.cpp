#include "bus/gateway_counters.hpp"

#include <nlohmann/json.hpp>

namespace noa::bus {

std::string GatewayCounters::to_json() const {
    const auto now = [](const std::atomic<std::uint64_t>& gauge) {
        return gauge.load(std::memory_order_relaxed);
    };
    const nlohmann::json all{{"received", received.get()},
                             {"sent", sent.get()},
                             {"requests", requests.get()},
                             {"published", published.get()},
                             {"malformed", malformed.get()},
                             {"unsupported", unsupported.get()},
                             {"oversized", oversized.get()},
                             {"refused", refused.get()},
                             {"expired", expired.get()},
                             {"late", late.get()},
                             {"unknown_settlements", unknown_settlements.get()},
                             {"events", events.get()},
                             {"gaps", gaps.get()},
                             {"undelivered", undelivered.get()},
                             {"overflowed", overflowed.get()},
                             {"unreachable", unreachable.get()},
                             {"leases_expired", leases_expired.get()},
                             {"turned_away", turned_away.get()},
                             {"evicted", evicted.get()},
                             {"connections", now(connections)},
                             {"peers", now(peers)},
                             {"open_requests", now(open_requests)},
                             {"subscriptions", now(subscriptions)},
                             {"agents", now(agents)},
                             {"bytes_in", now(bytes_in)}};
    return all.dump();
}

} // namespace noa::bus
