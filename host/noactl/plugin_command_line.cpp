#include "noactl/plugin_command_line.hpp"

namespace noa::noactl {

namespace {

void add_new(CLI::App& plugin, const Globals& globals, PluginArgs& args,
             std::function<int()>& chosen) {
    auto* command =
        plugin.add_subcommand("new", "A project of a new agent: builds, tests, packages");
    command->callback([&] { chosen = [&] { return make_project(globals, args.project); }; });
    command->add_option("NAME", args.project.name, "Of the agent, as in my-agent")->required();
    const auto language = [&](const char* flag, const char* text, Language wanted) {
        return command->add_flag_callback(
            flag, [&args, wanted] { args.project.language = wanted; }, text);
    };
    auto* c = language("--c", "On the C header alone", Language::c);
    auto* cpp = language("--cpp", "On the C++ SDK (default)", Language::cpp);
    language("--rust", "In Rust, without crates", Language::rust)->excludes(c)->excludes(cpp);
    c->excludes(cpp);
    command->add_option("--dir", args.project.directory, "The directory to make; default: NAME");
    command->add_option("--templates", args.project.templates, "Where the templates are")
        ->capture_default_str();
}

} // namespace

void add_plugin_commands(CLI::App& app, const Globals& globals, PluginArgs& args,
                         std::function<int()>& chosen) {
    args.project.templates = NOA_TEMPLATE_DIR;
    auto* plugin = app.add_subcommand("plugin", "For authors of plugins; needs no host");
    plugin->require_subcommand(1);
    add_new(*plugin, globals, args, chosen);
}

} // namespace noa::noactl
