// What the built-in agent `host` answers about traces: see bus/traces.hpp.
#pragma once

#include <nlohmann/json.hpp>

#include "bus/host_port.hpp"
#include "bus/traces.hpp"

namespace noa::control {

// traces.list   {"limit", "agent", "failed", "min_ms"} -> {"traces": […]}, the last one first
// traces.show   {"trace": ID, or how it begins} -> {"trace", "spans": […]}, as they began
// traces.spans  {"after": NUMBER, "life", "limit"} -> {"spans": […], "next", "lost", "life"}, as
// they
//               ended: for whoever follows. `next` is the `after` of the next question, and counts
//               in that life of the host.
// `traces` outlives the port.
void offer_traces(bus::HostPort& port, const bus::Traces& traces);

// The answers themselves.
[[nodiscard]] Result<nlohmann::json> list_traces(const bus::Traces& traces,
                                                 const nlohmann::json& args);
[[nodiscard]] Result<nlohmann::json> show_trace(const bus::Traces& traces,
                                                const nlohmann::json& args);
[[nodiscard]] Result<nlohmann::json> spans_after(const bus::Traces& traces,
                                                 const nlohmann::json& args);

} // namespace noa::control
