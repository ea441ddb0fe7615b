#include "bus/gateway.hpp"

#include <pthread.h>

#include <system_error>

#include "bus/gateway_counters.hpp"
#include "bus/gateway_exchange.hpp"

namespace noa::bus {

Gateway::Gateway() = default;

Gateway::~Gateway() {
    stop();
}

Result<std::unique_ptr<Gateway>> Gateway::open(Bus& bus, GatewayOptions options) {
    std::unique_ptr<Gateway> gateway(new Gateway);
    const auto runtime_dir = options.runtime_dir;
    gateway->counters_ = std::make_unique<GatewayCounters>();
    gateway->exchange_ = std::make_unique<Exchange>(bus, std::move(options), *gateway->counters_);
    if (auto opened = gateway->exchange_->open(); !opened) {
        return Failure(opened.error());
    }
    try {
        gateway->thread_ = std::thread([exchange = gateway->exchange_.get()] { exchange->run(); });
    } catch (const std::system_error& error) {
        return fail(Errc::system, "start gateway", runtime_dir, error.what(),
                    "raise the limit of threads (TasksMax, ulimit -u)");
    }
    pthread_setname_np(gateway->thread_.native_handle(), "noa-gateway");
    return gateway;
}

void Gateway::stop() {
    if (thread_.joinable()) {
        exchange_->request_stop();
        thread_.join();
    }
}

std::string Gateway::counters_json() const {
    return counters_->to_json();
}

bool Gateway::serves(std::string_view name) const {
    return exchange_->serves(name);
}

} // namespace noa::bus
