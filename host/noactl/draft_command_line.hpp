// The words after `noactl draft`.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "noactl/draft_commands.hpp"

namespace noa::noactl {

// `args` and `globals` outlive the application; the command that was given is put into `chosen`.
void add_draft_commands(CLI::App& app, const Globals& globals, DraftArgs& args,
                        std::function<int()>& chosen);

} // namespace noa::noactl
