// The table of a service, to values.
#include <algorithm>

#include "base/listen_address.hpp"
#include "base/names.hpp"
#include "config/config.hpp"
#include "config/quantity.hpp"
#include "config/read_supervision.hpp"

namespace noa::config {

using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t most_in_a_row = 1000;
constexpr std::size_t max_unit_name = 255;

bool is_unit(const std::string& text) {
    return !text.empty() && text.size() <= max_unit_name && text.front() != '-' &&
           text.find('.') != std::string::npos &&
           std::all_of(text.begin(), text.end(), [](unsigned char c) {
               return std::isalnum(c) != 0 || std::string_view(":-_.\\@").find(
                                                  static_cast<char>(c)) != std::string_view::npos;
           });
}

void read_check(Fields fields, ServiceConfig& into) {
    fields.arguments("command", into.command);
    fields.text("connect", into.connect);
    fields.duration("interval", into.check.interval, 10ms, 24h);
    fields.duration("timeout", into.check.timeout, 10ms, 10min);
    fields.integer("threshold", into.check.threshold, 1, most_in_a_row);
    if (!into.connect.empty()) {
        const auto address = ListenAddress::parse(into.connect);
        if (!address || address->text().ends_with(":0")) {
            fields.problem("connect", "expected \"tcp:127.0.0.1:5432\" or \"unix:/run/x.sock\"" +
                                          (address ? "" : ": " + address.error().reason));
        }
        if (!into.command.empty()) {
            fields.problem("connect", "there is a command as well; a service has one check");
        }
    }
    fields.finish();
}

void read_commands(Fields fields, ServiceConfig& into) {
    fields.arguments("start", into.start);
    fields.arguments("stop", into.stop);
    fields.arguments("restart", into.restart);
    fields.duration("timeout", into.timeout, 10ms, 10min);
    fields.finish();
}

void read_service_heal(Fields fields, HealConfig& into) {
    fields.boolean("restart", into.restart);
    fields.boolean("dependency", into.dependency);
    fields.finish();
}

} // namespace

void read_service(Fields fields, ServiceConfig& into) {
    fields.boolean("enabled", into.enabled);
    fields.boolean("critical", into.critical);
    fields.text("unit", into.unit);
    if (!into.unit.empty() && !is_unit(into.unit)) {
        fields.problem("unit", "expected a unit of systemd such as \"postgresql.service\"");
    }
    fields.dependencies("depends_on", into.depends_on, into.optional);
    for (const auto& other : into.depends_on) {
        const bool itself = other == std::string(service_prefix) + into.name;
        if (itself || (!is_agent_name(other) && !is_service(other))) {
            fields.problem("depends_on",
                           itself ? "a service cannot depend on itself"
                                  : "expected an agent's name or \"service:NAME\", found \"" +
                                        other + '"');
        }
    }
    read_check(fields.below("check"), into);
    read_commands(fields.below("commands"), into);
    read_restart(fields.below("restart"), into.limits);
    read_service_heal(fields.below("heal"), into.heal);
    if (into.unit.empty() && into.command.empty() && into.connect.empty()) {
        fields.problem("check", "expected a unit, or check.command, or check.connect");
    }
    fields.finish();
}

bool ServiceConfig::tolerates(const std::string& absent) const {
    return std::find(optional.begin(), optional.end(), absent) != optional.end();
}

std::string check_kind(const ServiceConfig& service) {
    return !service.command.empty() ? "command" : !service.connect.empty() ? "connect" : "unit";
}

} // namespace noa::config
