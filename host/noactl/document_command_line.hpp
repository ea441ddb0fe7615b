// The words after `noactl config`.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "noactl/document_commands.hpp"

namespace noa::noactl {

// `args`, `files` and `globals` outlive the application; the command that was given is put into
// `chosen`.
void add_document_commands(CLI::App& app, const Globals& globals, const ConfigFiles& files,
                           DocumentArgs& args, std::function<int()>& chosen);

} // namespace noa::noactl
