// `noactl checks` and `noactl metrics`: what the agent monitor sees.
#pragma once

#include <string>
#include <vector>

#include "noactl/commands.hpp"

namespace noa::noactl {

struct MonitorArgs {
    std::string name;                // of a check or a figure
    std::vector<std::string> labels; // "agent=cache"
    std::string range;
    std::string step;
    std::string prefix;
};

[[nodiscard]] int checks_list(const Globals& globals, const MonitorArgs& args);
// exit_failed unless all that ran are healthy.
[[nodiscard]] int checks_run(const Globals& globals, const MonitorArgs& args);
// exit_failed unless everything is as it should be.
[[nodiscard]] int verify_host(const Globals& globals, const MonitorArgs& args);
[[nodiscard]] int metrics_query(const Globals& globals, const MonitorArgs& args);
// Prometheus's text format; with --json, the same figures as JSON.
[[nodiscard]] int metrics_export(const Globals& globals, const MonitorArgs& args);

// One word a line, for the shell: "alerts" (rules), "checks" or "metrics"; silent when it cannot
// know.
[[nodiscard]] int complete_monitor(const Globals& globals, const std::string& what);

} // namespace noa::noactl
