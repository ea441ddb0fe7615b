#include "noactl/complete_words.hpp"

#include "noactl/document_commands.hpp"
#include "noactl/monitor_commands.hpp"

namespace noa::noactl {

int complete_words(const Globals& globals, const CLI::App& whole,
                   const std::vector<std::string>& words) {
    const std::string what = words.empty() ? "" : words[0];
    if (what == "documents" || what == "keys") {
        return complete_documents(globals, what == "keys");
    }
    if (what == "alerts" || what == "checks" || what == "metrics") {
        return complete_monitor(globals, what);
    }
    if (what != "verbs" && what != "options") {
        return complete(globals, what, words.size() > 1 ? words[1] : "");
    }
    const CLI::App* app = &whole;
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto below = app->get_subcommands(
            [&](const CLI::App* command) { return command->get_name() == words[i]; });
        if (below.empty()) {
            break;
        }
        app = below.front();
    }
    if (what == "verbs") {
        for (const auto* command : app->get_subcommands({})) {
            if (!command->get_group().empty()) {
                print(command->get_name() + "\n");
            }
        }
        return exit_ok;
    }
    for (const auto* option : app->get_options()) {
        for (const auto& name : option->get_lnames()) {
            print("--" + name + "\n");
        }
    }
    return exit_ok;
}

} // namespace noa::noactl
