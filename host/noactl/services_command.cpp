#include "base/clock.hpp"
#include "noactl/commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

// What comes next, or what there is to know.
std::string note_of(const json& service) {
    const auto& planned = child(child(service, "restart"), "planned");
    std::string out = member(service, "note");
    if (planned.is_object()) {
        out += (out.empty() ? "" : "; ") + member(planned, "step") + " in " +
               duration_text(number(planned, "in_ms") * ns_per_ms) + ": " +
               member(planned, "reason");
    }
    if (out.empty()) {
        for (const auto& check : child(service, "checks")) {
            out = member(check, "text");
        }
    }
    return out;
}

std::string services_text(const Globals& globals, const json& services) {
    Table table({{"SERVICE"},
                 {"STATE"},
                 {"STATUS"},
                 {"CHECK"},
                 {"FAILURES", true},
                 {"RESTARTS", true},
                 {"SINCE", true},
                 {"NOTE"}});
    for (const auto& service : services) {
        const auto state = member(service, "state");
        std::string failures;
        for (const auto& check : child(service, "checks")) {
            failures = member(check, "failures");
        }
        const auto since = number(service, "since_unix_ns");
        table.add({member(service, "name"),
                   {state, tone_of_state(state)},
                   {member(service, "label"), tone_of_state(member(service, "status"))},
                   member(service, "check"),
                   failures,
                   member(service, "restarts"),
                   since == 0 ? "" : duration_text(unix_ns() - since),
                   note_of(service)});
    }
    return table.empty() ? "no services\n" : table.render(globals.screen());
}

} // namespace

int show_services(const Globals& globals) {
    return ask_and_print(globals, "services", json::object(),
                         [&](const json& services) { return services_text(globals, services); });
}

} // namespace noa::noactl
