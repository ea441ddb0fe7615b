#include "noactl/plugin_command_line.hpp"

#include "config/quantity.hpp"

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

void add_validate(CLI::App& plugin, const Globals& globals, PluginArgs& args,
                  std::function<int()>& chosen) {
    auto* command = plugin.add_subcommand("validate", "Try what a host asks of a plugin, and more");
    command->callback([&] { chosen = [&] { return validate_plugin(globals, args.validate); }; });
    command->add_option("FILE", args.validate.file, "The plugin, NAME.so")->required();
    command->add_option("--settings", args.validate.settings,
                        "A JSON file; default: settings that the plugin accepts");
    command->add_option_function<std::string>(
        "--timeout",
        [&args](const std::string& text) {
            const auto each = config::parse_duration(text);
            if (!each || *each < std::chrono::milliseconds(1) || *each > std::chrono::hours(1)) {
                throw CLI::ValidationError("--timeout", "expected a duration such as 60s");
            }
            args.validate.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*each);
        },
        "Of each item; default: 60s");
    command->add_option("--runner", args.validate.runner, "The program that probes")
        ->capture_default_str();
}

} // namespace

void add_plugin_commands(CLI::App& app, const Globals& globals, PluginArgs& args,
                         std::function<int()>& chosen) {
    args.project.templates = NOA_TEMPLATE_DIR;
    auto* plugin = app.add_subcommand("plugin", "For authors of plugins; needs no host");
    plugin->require_subcommand(1);
    add_new(*plugin, globals, args, chosen);
    add_validate(*plugin, globals, args, chosen);
}

} // namespace noa::noactl
