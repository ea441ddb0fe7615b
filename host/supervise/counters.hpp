// An inbox in figures.
#pragma once

#include <nlohmann/json.hpp>

#include "bus/inbox.hpp"

namespace noa::supervise {

[[nodiscard]] nlohmann::json counters_of(const bus::Inbox& inbox);

} // namespace noa::supervise
