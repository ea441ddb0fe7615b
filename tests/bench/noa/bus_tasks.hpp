// Figures of the bus alone, agents on the rig. arguments: see each; after them, of round trips and
// streams, the context of the messages (loads.hpp).
#pragma once

#include "harness/task.hpp"

namespace noa::bench {

[[nodiscard]] Result<Values> measure_bus_round_trip(const Context& context);
// Lanes bound to the first two cores; arguments[0]: how long they spin, in microseconds.
[[nodiscard]] Result<Values> measure_bus_two_cores(const Context& context);
// arguments: senders, bytes of a body, "copied", "in_place" or "many".
[[nodiscard]] Result<Values> measure_bus_stream(const Context& context);
// arguments[0]: how many names there are.
[[nodiscard]] Result<Values> measure_bus_lookup(const Context& context);

} // namespace noa::bench
