// The words after `noactl checks` and `noactl metrics`.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "noactl/monitor_commands.hpp"

namespace noa::noactl {

// `args` and `globals` outlive the application; the command that was given is put into `chosen`.
void add_monitor_commands(CLI::App& app, const Globals& globals, MonitorArgs& args,
                          std::function<int()>& chosen);

} // namespace noa::noactl
