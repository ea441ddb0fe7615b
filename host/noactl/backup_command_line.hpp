// The words after `noactl backup`.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "noactl/backup_commands.hpp"

namespace noa::noactl {

// `args` and `globals` outlive the application; the command that was given is put into `chosen`.
void add_backup_commands(CLI::App& app, const Globals& globals, BackupArgs& args,
                         std::function<int()>& chosen);

} // namespace noa::noactl
