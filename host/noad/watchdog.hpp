// The service manager's watchdog, fed while the host really turns.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio.hpp>

#include "base/log.hpp"

namespace noa {

// Of systemd's WATCHDOG_USEC and WATCHDOG_PID (sd_watchdog_enabled(3)); zero: nobody watches.
[[nodiscard]] std::chrono::microseconds watchdog_limit() noexcept;

// Says WATCHDOG=1 three times within `limit`, from the main loop; withholds it, with a word in the
// log, as long as what was asked to answer last time has not. [main thread]
class Watchdog {
public:
    // To be called, once, from where it matters: on any thread.
    using Answer = std::function<void()>;
    using Ask = std::function<void(Answer)>;

    Watchdog(boost::asio::io_context& io, std::chrono::microseconds limit, Ask ask, Log& log);

private:
    void await_turn();
    void turn();

    boost::asio::steady_timer timer_;
    const std::chrono::microseconds interval_;
    const Ask ask_;
    Log& log_;
    bool withheld_ = false;
    // Owners: this and answers that are still to come.
    std::shared_ptr<std::atomic<bool>> answered_ = std::make_shared<std::atomic<bool>>(true);
};

} // namespace noa
