// What a reload costs those who keep sending, and what the same switch costs elsewhere.
#pragma once

#include "harness/task.hpp"

namespace noa::bench {

// Reloads under load, each followed by a window of the same length without one.
// arguments: how many; messages a second, 0 for as many as are accepted; "order" (noactl reload
// --force: the verdict of the probe is known), "file" (a new version is written), or "open" (as
// "order", with deliveries that every generation leaves unsettled).
// Gives the accounts (see Load::end), the steady figures (Load::watch_steady), and of the
// reloads: pause_*_ms, what the worst message took longer than the steady median; control_*_ms,
// the same in the windows without; hold_*_ms, how long the inbox was held by noad's own account;
// silence_*_ms, the longest time in which no message was handled; whole_*_ms, the reload.
[[nodiscard]] Result<Values> measure_reload_load(const Context& context);

// A file is closed until the new generation answers; debounce, probe and all.
// arguments: how often; messages a second meanwhile, 0 for none.
[[nodiscard]] Result<Values> measure_reload_file(const Context& context);

// arguments[0]: reloads. What noad has more of after them than after the first hundred: rss_kb,
// pss_kb, own_kb, fds, maps; and each_ms.
[[nodiscard]] Result<Values> measure_reload_memory(const Context& context);

// The switch as hosts without a held inbox make it, in this process: senders are refused, the
// queue is dropped, the plugin is stopped, unloaded, loaded and started again.
// arguments: how many; messages a second.
[[nodiscard]] Result<Values> measure_stop_and_load(const Context& context);

// A program outside sends without a pause in its rhythm; arguments: how many switches; messages
// a second; "reload" (noactl reload --force) or "restart" (of noad, as a service manager does it).
[[nodiscard]] Result<Values> measure_switch_outside(const Context& context);

} // namespace noa::bench
