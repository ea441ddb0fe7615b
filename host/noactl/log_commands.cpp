#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

std::string line_text(const Globals& globals, const json& line) {
    const auto screen = globals.screen();
    if (const auto gap = number(line, "gap"); gap > 0) {
        return colored("… " + std::to_string(gap) + " lines are missing here", Tone::notice,
                       screen) +
               "\n";
    }
    const auto level = member(line, "level");
    const Tone tone = level == "error"     ? Tone::bad
                      : level == "warning" ? Tone::notice
                      : level == "debug"   ? Tone::faint
                                           : Tone::plain;
    return colored(escape_text(member(line, "text")), tone, screen) + "\n";
}

} // namespace

int show_log(const Globals& globals, const LogOptions& options) {
    json args{{"lines", options.lines}, {"follow", options.follow}};
    if (!options.level.empty()) {
        args["level"] = options.level;
    }
    if (!options.agent.empty()) {
        args["agent"] = options.agent;
    }
    return print_stream(globals, "log", args, options.follow,
                        [&](const json& line) { return line_text(globals, line); });
}

int set_log_level(const Globals& globals, const std::string& level, const std::string& agent) {
    json args{{"level", level}};
    if (!agent.empty()) {
        args["agent"] = agent;
    }
    return ask_and_print(globals, "log_level", args, [&](const json& answer) {
        return (agent.empty() ? "host" : agent) + ": " + member(answer, "level") + "\n";
    });
}

} // namespace noa::noactl
