// libzmq inproc without anything on top: what one hop costs.
#pragma once

#include "harness/task.hpp"

namespace noa::bench {

// DEALER–ROUTER, 64 B there and back, blocking receives.
[[nodiscard]] Result<Values> measure_inproc_round_trip(const Context& context);
// PUSH–PULL, 64 B, one sender; four senders, each with a socket of its own.
[[nodiscard]] Result<Values> measure_inproc_stream(const Context& context);
[[nodiscard]] Result<Values> measure_inproc_four_senders(const Context& context);
// PUSH–PULL, 64 KiB: allocated and copied for each message; one body shared by all.
[[nodiscard]] Result<Values> measure_inproc_large_copied(const Context& context);
[[nodiscard]] Result<Values> measure_inproc_large_shared(const Context& context);

} // namespace noa::bench
