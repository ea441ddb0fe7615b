#include "config/read_supervision.hpp"

namespace noa::config {

using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t max_restarts = 1000;

} // namespace

void read_restart(Fields fields, RestartConfig& into) {
    fields.duration("backoff", into.backoff, 0ms, 10min);
    fields.duration("backoff_max", into.backoff_max, 0ms, 1h);
    fields.integer("max", into.max, 0, max_restarts);
    fields.integer("in_a_row", into.in_a_row, 1, max_restarts);
    fields.duration("window", into.window, 1ms, 24h);
    fields.duration("reset", into.reset, 1ms, 24h);
    fields.duration("cooldown", into.cooldown, 1ms, 24h);
    fields.finish();
}

} // namespace noa::config
