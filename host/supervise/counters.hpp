// An inbox in figures.
#pragma once

#include <nlohmann/json.hpp>

#include "bus/inbox.hpp"

namespace noa::supervise {

[[nodiscard]] nlohmann::json counters_of(const bus::Inbox& inbox);
// How long its messages took, since the host started: a histogram as noa.metrics/1 has it, in
// seconds, with "p50", "p95" and "p99".
[[nodiscard]] nlohmann::json durations_of(const bus::Inbox& inbox);

} // namespace noa::supervise
