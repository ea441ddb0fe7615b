// What became of agents, as an answer.
#pragma once

#include <vector>

#include "control/connection.hpp"
#include "supervise/supervisor.hpp"

namespace noa::control {

// {"outcomes": [{"agent","action","generation","text","pause_ns"}]}
[[nodiscard]] nlohmann::json to_json(const std::vector<supervise::Outcome>& outcomes);
// Progress lines {"agent","step"}; `client` is borrowed.
[[nodiscard]] supervise::Progress progress_to(Connection& client);

} // namespace noa::control
