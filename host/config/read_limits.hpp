// Reads the tables [agents.NAME.limits] and [agents.NAME.sandbox].
#pragma once

#include "config/fields.hpp"
#include "config/limits.hpp"

namespace noa::config {

void read_limits(Fields fields, LimitsConfig& into);
void read_sandbox(Fields fields, SandboxConfig& into);

} // namespace noa::config
