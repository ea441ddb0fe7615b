// The same two measurements for every broker. arguments[0]: the peer's name.
#pragma once

#include "harness/task.hpp"

namespace noa::bench {

// This process -> broker -> another process -> broker -> this process, 64 B.
[[nodiscard]] Result<Values> measure_relay_round_trip(const Context& context);
[[nodiscard]] Result<Values> serve_relay_echo(const Context& context);

// This process publishes 64 B messages as fast as it can, at most 4,096 ahead of another process
// that receives them; figures are the receiver's.
[[nodiscard]] Result<Values> measure_relay_stream(const Context& context);
[[nodiscard]] Result<Values> count_relay_stream(const Context& context);

} // namespace noa::bench
