// Values as people see them, key by key: for plans and for `config explain`.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"

namespace noa::config {

// In the order of the documentation. Durations and sizes with their units.
using ShownValues = std::vector<std::pair<std::string, nlohmann::json>>;

[[nodiscard]] ShownValues shown_values(const HostConfig& host); // "log.level"
// Without settings.
[[nodiscard]] ShownValues shown_values(const AgentConfig& agent);
[[nodiscard]] ShownValues shown_values(const ServiceConfig& service);
// The part of [host] that agents take their defaults from, as a table.
[[nodiscard]] nlohmann::json inherited_from(const HostConfig& host);
// The table that says all of an agent, secrets by reference: for manifests.
[[nodiscard]] nlohmann::json table_of(const AgentConfig& agent);

} // namespace noa::config
