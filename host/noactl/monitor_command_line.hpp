// The words after `noactl alerts`, `noactl checks` and `noactl metrics`.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "noactl/alert_commands.hpp"
#include "noactl/monitor_commands.hpp"

namespace noa::noactl {

// `args`, `alerts` and `globals` outlive the application; the command that was given is put into
// `chosen`.
void add_monitor_commands(CLI::App& app, const Globals& globals, MonitorArgs& args,
                          AlertArgs& alerts, std::function<int()>& chosen);

} // namespace noa::noactl
