// libzmq over ipc between two processes, and the gateway that noa's is measured against.
#pragma once

#include "harness/task.hpp"

namespace noa::bench {

// DEALER–ROUTER, 64 B there and back; and with 1000 outstanding.
[[nodiscard]] Result<Values> measure_ipc_round_trip(const Context& context);
[[nodiscard]] Result<Values> measure_ipc_pipelined(const Context& context);
[[nodiscard]] Result<Values> serve_ipc_echo(const Context& context);

// A process with ROUTER on ipc, handing each message over inproc to a worker thread and its
// answer back, draining up to 256 for each poll.
[[nodiscard]] Result<Values> measure_gateway_round_trip(const Context& context);
[[nodiscard]] Result<Values> measure_gateway_pipelined(const Context& context);
[[nodiscard]] Result<Values> serve_gateway(const Context& context);

} // namespace noa::bench
