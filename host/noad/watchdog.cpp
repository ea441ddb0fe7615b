#include "watchdog.hpp"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "notify.hpp"

namespace noa {

namespace {

constexpr int turns_in_a_limit = 3;

long long number_in(const char* variable) noexcept {
    const char* text = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): set at start
    const std::string_view digits(text == nullptr ? "" : text);
    long long value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return read.ec == std::errc() && read.ptr == digits.data() + digits.size() ? value : 0;
}

} // namespace

std::chrono::microseconds watchdog_limit() noexcept {
    const auto pid = number_in("WATCHDOG_PID");
    const auto limit = number_in("WATCHDOG_USEC");
    const bool ours = (pid == 0 || pid == ::getpid()) && limit > 0;
    return std::chrono::microseconds(ours ? limit : 0);
}

Watchdog::Watchdog(boost::asio::io_context& io, std::chrono::microseconds limit, Ask ask, Log& log)
    : timer_(io), interval_(limit / turns_in_a_limit), ask_(std::move(ask)), log_(log) {
    if (interval_.count() > 0) {
        turn();
    }
}

void Watchdog::await_turn() {
    timer_.expires_after(interval_);
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            turn();
        }
    });
}

void Watchdog::turn() {
    if (answered_->exchange(false)) {
        withheld_ = false;
        notify_service_manager("WATCHDOG=1");
        ask_([answered = answered_] { answered->store(true); });
    } else if (!std::exchange(withheld_, true)) {
        log_.write(Level::error, "host.watchdog_withheld",
                   {{"reason", "the host's own lane does not answer"}});
    }
    await_turn();
}

} // namespace noa
