// The words after `noactl messages`.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "noactl/message_commands.hpp"

namespace noa::noactl {

// `args` and `globals` outlive the application; the command that was given is put into `chosen`.
void add_message_commands(CLI::App& app, const Globals& globals, MessageArgs& args,
                          std::function<int()>& chosen);

} // namespace noa::noactl
