// The words after `noactl plugin`.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "noactl/plugin_commands.hpp"

namespace noa::noactl {

struct PluginArgs {
    NewProject project;
    ValidateArgs validate;
};

// `args` and `globals` outlive the application; the command that was given is put into `chosen`.
void add_plugin_commands(CLI::App& app, const Globals& globals, PluginArgs& args,
                         std::function<int()>& chosen);

} // namespace noa::noactl
