// The tables about supervision, to values.
#pragma once

#include <map>
#include <string>

#include "config/fields.hpp"
#include "config/supervision.hpp"

namespace noa::config {

// What the table does not say stays as it is.
void read_restart(Fields fields, RestartConfig& into);

void read_heal(Fields fields, HealConfig& into);
void read_health_defaults(Fields fields, HealthCheckConfig& into);
// Tables of checks by name; `usual` is what they do not say.
void read_checks(Fields fields, const HealthCheckConfig& usual,
                 std::map<std::string, HealthCheckConfig>& into);

// read_service.cpp. `into` has its name and its defaults.
void read_service(Fields fields, ServiceConfig& into);

} // namespace noa::config
