#include "base/clock.hpp"
#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

Tone tone_of_event(std::string_view event) noexcept {
    for (const auto* bad : {"failed", "exhausted", "degraded", "dead_letter", "refused"}) {
        if (event.find(bad) != std::string_view::npos) {
            return Tone::bad;
        }
    }
    return event.starts_with("heal.") || event.starts_with("health.") ? Tone::notice : Tone::plain;
}

// What a person wants to know of it: its words, or else all of it.
std::string body_text(const json& body) {
    std::string out;
    for (const char* key : {"strategy", "in_ms", "from", "to", "check", "operation", "generation",
                            "version", "reason", "text"}) {
        const auto said = member(body, key);
        if (!said.empty() && said != "0") {
            out += (out.empty() ? "" : " ") + std::string(key) + "=" + said;
        }
    }
    return out.empty() ? body.dump(-1, ' ', false, json::error_handler_t::replace) : out;
}

std::string event_line(const Globals& globals, const json& event) {
    const auto screen = globals.screen();
    if (const auto gap = number(event, "gap"); gap > 0) {
        return colored("… " + std::to_string(gap) + " events are missing here", Tone::notice,
                       screen) +
               "\n";
    }
    const auto name = member(event, "event");
    return member(event, "id") + "  " + duration_text(unix_ns() - number(event, "unix_ns")) +
           " ago  " + colored(escape_text(name), tone_of_event(name), screen) + "  " +
           escape_text(member(event, "agent")) + "  " +
           escape_text(body_text(event.value("body", json::object()))) + "\n";
}

} // namespace

int show_events(const Globals& globals, const LogOptions& options) {
    json args{{"lines", options.lines}, {"follow", options.follow}};
    if (!options.agent.empty()) {
        args["agent"] = options.agent;
    }
    return print_stream(globals, "events", args, options.follow,
                        [&](const json& event) { return event_line(globals, event); });
}

} // namespace noa::noactl
