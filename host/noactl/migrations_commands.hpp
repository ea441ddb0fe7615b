// `noactl migrations`: the schemas of agents' stores.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "noactl/commands.hpp"

namespace noa::noactl {

struct MigrationsArgs {
    std::string agent; // empty: all
    std::int64_t to = -1;
    bool yes = false;
};

// `args` and `globals` outlive the application; the command that was given is put into `chosen`.
void add_migrations_commands(CLI::App& app, const Globals& globals, MigrationsArgs& args,
                             std::function<int()>& chosen);

} // namespace noa::noactl
