// The words after `noactl`.
#pragma once

namespace noa::noactl {

// Parses and runs; returns the exit code. Usage errors are exit_usage.
[[nodiscard]] int run_command_line(int argc, char** argv);

} // namespace noa::noactl
