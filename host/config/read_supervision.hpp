// The tables about supervision, to values.
#pragma once

#include "config/fields.hpp"
#include "config/supervision.hpp"

namespace noa::config {

// What the table does not say stays as it is.
void read_restart(Fields fields, RestartConfig& into);

} // namespace noa::config
