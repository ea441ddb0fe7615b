// Figures of noad as it is installed: plugins loaded from files, a gateway, a config.
#pragma once

#include "harness/task.hpp"

namespace noa::bench {

// Between two agents of one noad; the arguments are those of bus_tasks.hpp, and after them the
// context of the messages (loads.hpp).
[[nodiscard]] Result<Values> measure_noad_round_trip(const Context& context);
// The one that is asked lives in a process of its own.
[[nodiscard]] Result<Values> measure_process_round_trip(const Context& context);
[[nodiscard]] Result<Values> measure_noad_two_cores(const Context& context);
[[nodiscard]] Result<Values> measure_noad_stream(const Context& context);
// arguments[0]: how many idle agents noad has besides two; what each costs, and what a lookup
// among them does.
[[nodiscard]] Result<Values> measure_noad_crowd(const Context& context);

// This process, over ipc, to an agent of noad: one at a time; 1000 outstanding; and messages that
// nobody answers, but for one in 256, 4096 at most under way as in the streams of the brokers.
// arguments[0] of the pipelined ones: the share that is sampled.
[[nodiscard]] Result<Values> measure_outside_round_trip(const Context& context);
[[nodiscard]] Result<Values> measure_outside_one_way(const Context& context);
[[nodiscard]] Result<Values> measure_outside_pipelined(const Context& context);

// noad with heartbeat and cache, left alone. arguments[0]: seconds to watch.
[[nodiscard]] Result<Values> measure_idle_host(const Context& context);
// nats-server, redis-server: arguments[0] the peer, arguments[1] seconds.
[[nodiscard]] Result<Values> measure_idle_peer(const Context& context);
// From exec to READY=1, first start on an empty state directory and second one.
[[nodiscard]] Result<Values> measure_start(const Context& context);
// A plugin's file is renamed into the plugin directory: until its agent, or its next generation,
// answers. arguments[0]: how often each.
[[nodiscard]] Result<Values> measure_drop_in(const Context& context);

} // namespace noa::bench
