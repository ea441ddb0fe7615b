// Everything at once: the host, its agents, its plugin files, and what to do about each finding.
#include "noactl/commands.hpp"
#include "noactl/findings.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

constexpr std::uint64_t least_room = std::uint64_t{16} << 20U; // for copies of plugins

void look_at_state_dir(const json& place, Findings& findings) {
    const bool read_only = place.value("read_only", false);
    const auto left = number(place, "free_bytes");
    if (read_only || left < static_cast<std::int64_t>(least_room)) {
        findings.push_back(
            {Verdict::fail, "host",
             "state directory " + member(place, "path") + ": " +
                 (read_only ? "read-only" : bytes_text(static_cast<std::uint64_t>(left)) + " left"),
             read_only ? "what runs goes on, nothing is reloaded; mount it for writing"
                       : "make room: what runs goes on, nothing is reloaded"});
    }
}

void look_at_host(const json& status, Findings& findings) {
    findings.push_back({Verdict::ok, "host",
                        "noad " + member(status, "version") + ", up " +
                            duration_text(number(status, "uptime_s") * 1'000'000'000),
                        ""});
    if (const auto crash = member(status, "last_crash"); !crash.empty() && crash != "null") {
        findings.push_back({Verdict::warn, "host", "its former life crashed: " + crash,
                            "`noactl reloads` says what became of that version"});
    }
    for (const auto& pin : child(status, "pinned")) {
        findings.push_back({Verdict::warn, member(pin, "agent"),
                            "a library stays in memory: " + member(pin, "reason"),
                            "build it with the flags of noa-plugin.pc; a restart frees it"});
    }
    look_at_state_dir(child(status, "state_dir"), findings);
    for (const auto& notice : child(status, "notices")) {
        findings.push_back({Verdict::warn, "config",
                            notice.is_string() ? notice.get<std::string>() : notice.dump(),
                            "correct it, or take it away"});
    }
}

void look_at_restarts(const std::string& name, const json& restart, Findings& findings) {
    const auto& planned = child(restart, "planned");
    if (restart.value("exhausted", false)) {
        findings.push_back({Verdict::fail, name, "restarts did not help so far",
                            "it is tried again once a cooldown; `noactl log --agent " + name +
                                "` says why it ended"});
    }
    if (planned.is_object()) {
        findings.push_back({Verdict::warn, name,
                            "it is started again in " +
                                duration_text(number(planned, "in_ms") * 1'000'000) + ": " +
                                member(planned, "reason"),
                            ""});
    }
}

void look_at_checks(const std::string& prefix, const json& all, Findings& findings) {
    for (const auto& [key, value] : all.items()) {
        const auto name = prefix + key;
        bool good = true;
        for (const auto& check : child(value, "checks")) {
            const auto status = member(check, "status");
            if (status != "healthy") {
                good = false;
                findings.push_back({status == "critical" ? Verdict::fail : Verdict::warn, name,
                                    member(check, "name") + ": " + member(check, "text"),
                                    member(check, "recommendation")});
            }
        }
        if (good) {
            findings.push_back({Verdict::ok, name, "Healthy", ""});
        }
    }
}

void look_at_plugins(const json& plugins, Findings& findings) {
    for (const auto& plugin : plugins) {
        const auto verdict = member(plugin, "verdict");
        if (verdict.starts_with("unusable") || verdict.starts_with("refused") ||
            verdict.starts_with("not loaded")) {
            findings.push_back({Verdict::warn, member(plugin, "path"), verdict,
                                "`noactl check` examines it without a host"});
        }
    }
}

} // namespace

int doctor(const Globals& globals) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        Findings findings;
        const auto status = client.ask("status", json::object(), question_timeout);
        const auto health =
            status ? client.ask("health", json::object(), question_timeout) : status;
        const auto agents =
            health ? client.ask("agents", json::object(), question_timeout) : health;
        const auto plugins =
            agents ? client.ask("plugins", json::object(), question_timeout) : agents;
        const auto services =
            plugins ? client.ask("services", json::object(), question_timeout) : plugins;
        if (!services) {
            return Failure(services.error());
        }
        look_at_host(*status, findings);
        look_at_checks("", child(*health, "agents"), findings);
        look_at_checks("service:", child(*health, "services"), findings);
        for (const auto& service : *services) {
            look_at_restarts("service:" + member(service, "name"), child(service, "restart"),
                             findings);
        }
        for (const auto& agent : *agents) {
            const auto name = member(agent, "name");
            if (const auto all = client.ask("agent", {{"agent", name}}, question_timeout)) {
                look_at_restarts(name, child(*all, "restart"), findings);
            }
        }
        look_at_plugins(*plugins, findings);
        return report(globals, findings);
    });
}

} // namespace noa::noactl
