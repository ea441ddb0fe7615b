// The words after `noactl draft lint`, `export` and `import`.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "noactl/draft_text_commands.hpp"

namespace noa::noactl {

// To `draft` of the application, which is made when it is not there. `args` and `globals` outlive
// the application; the command that was given is put into `chosen`.
void add_draft_text_commands(CLI::App& app, const Globals& globals, DraftTextArgs& args,
                             std::function<int()>& chosen);

} // namespace noa::noactl
