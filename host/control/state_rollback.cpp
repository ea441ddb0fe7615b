#include "control/state_rollback.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <utility>

#include "base/file.hpp"
#include "control/outcomes.hpp"
#include "supervise/ledger.hpp"

namespace noa::control {

namespace {

using nlohmann::json;
using supervise::Outcome;

constexpr const char* backup = "backup";
constexpr const char* attempt = "roll back to a backup";
constexpr std::chrono::hours restore_patience{24}; // it shows how far it is, and can be cancelled
constexpr std::chrono::seconds health_patience{10};

bool is_folder(const std::filesystem::path& path) {
    struct stat found {};
    return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

// Of what an agent says: anything may be anything.
std::string text_in(const json& object, const char* key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string digest_in_use(const supervise::LedgerPage& page) {
    return !page.chosen.empty() ? page.chosen : page.good.empty() ? "" : page.good.front().digest;
}

} // namespace

Result<json> StateRollback::roll_back(const json& args, Connection& client) {
    Args in("rollback_to_backup", args);
    const auto agent = in.optional_text("agent", NOA_AGENT_NAME_MAX);
    json request{{"snapshot", in.text("snapshot", 64)}};
    if (auto repository = in.optional_text("repository", 256)) {
        request["repository"] = std::move(*repository);
    }
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    if (agent) {
        auto one = roll_back_one(*agent, request, client);
        return one ? Result<json>(to_json({std::move(*one)})) : Failure(one.error());
    }
    const auto agents = agents_in(request);
    if (!agents) {
        return Failure(agents.error());
    }
    std::vector<Outcome> outcomes;
    for (const auto& name : *agents) {
        auto one = roll_back_one(name, request, client);
        outcomes.push_back(one ? std::move(*one)
                               : Outcome{name, "failed", 0, one.error().text(), 0});
    }
    return to_json(outcomes);
}

Result<Outcome> StateRollback::roll_back_one(const std::string& agent, const json& request,
                                             Connection& client) {
    if (agent == backup) {
        return fail(Errc::invalid, attempt, agent, "it cannot restore itself",
                    "restore to a directory, stop it, and move that into its place");
    }
    const auto now = supervisor_.agent(agent);
    if (!now) {
        return Failure(now.error());
    }
    const auto progress = progress_to(client);
    progress(agent, "restore beside");
    const auto restored = restore(agent, request);
    if (!restored) {
        return Failure(restored.error());
    }
    const auto version = version_of(agent, *restored);
    progress(agent, "exchange state");
    auto outcome = exchange_and_start(agent, *restored, version, now->value("digest", ""));
    if (!outcome) {
        log_.error("agent.state_not_restored", outcome.error(),
                   {{"agent", agent}, {"snapshot", restored->snapshot}});
        return Failure(outcome.error());
    }
    const auto former = (restored->place / "state").string();
    log_.write(Level::info, "agent.state_restored",
               {{"agent", agent},
                {"snapshot", restored->snapshot},
                {"time", restored->time},
                {"former", former}});
    outcome->action = "restored";
    outcome->text = "as of " + restored->time + version.note + "; its former state is in " + former;
    return outcome;
}

Result<json> StateRollback::ask_backup(const char* operation, const json& request) {
    const auto reply = caller_.call(backup, operation, request.dump(), restore_patience);
    if (!reply) {
        return Failure(reply.error());
    }
    auto answer = json::parse(reply->body, nullptr, false);
    if (reply->status != NOA_OK || !answer.is_object()) {
        return fail(Errc::refused, attempt, request.value("agent", request.value("snapshot", "")),
                    reply->body.substr(0, 512), "`noactl backup list` shows what there is");
    }
    return answer;
}

// Those of this host whose state is in the snapshot.
Result<std::vector<std::string>> StateRollback::agents_in(const json& request) {
    auto question = request;
    question["path"] = agents_.string();
    const auto answer = ask_backup("ls", question);
    if (!answer) {
        return Failure(answer.error());
    }
    const auto listed = answer->find("nodes");
    const json nodes = listed != answer->end() && listed->is_array() ? *listed : json::array();
    std::vector<std::string> names;
    for (const auto& agent : supervisor_.agents()) {
        const auto name = agent.value("name", "");
        const auto path = (agents_ / name).string();
        if (name != backup && std::ranges::any_of(nodes, [&](const json& node) {
                return text_in(node, "path") == path;
            })) {
            names.push_back(name);
        }
    }
    if (names.empty()) {
        return fail(Errc::not_found, attempt, request.value("snapshot", ""),
                    "it has the state of no agent of this host");
    }
    return names;
}

// The agent backup is not believed about where: only its own directory is taken from.
Result<StateRollback::Restored> StateRollback::restore(const std::string& agent, json request) {
    request["agent"] = agent;
    const auto answer = ask_backup("restore_agent", request);
    if (!answer) {
        return Failure(answer.error());
    }
    Restored restored{agents_ / backup / "restored" / agent, "", ""};
    if (text_in(*answer, "place") != restored.place.string() ||
        !is_folder(restored.place / "state")) {
        return fail(Errc::refused, attempt, agent,
                    "the agent backup did not restore it where the host expects it",
                    "it has to run on this host, with its own state directory");
    }
    restored.snapshot = text_in(*answer, "snapshot");
    restored.time = text_in(*answer, "time");
    return restored;
}

StateRollback::Version StateRollback::version_of(const std::string& agent,
                                                 const Restored& restored) {
    const auto file = restored.place / (agent + ".json");
    const auto text = read_file(file, supervise::Ledger::max_page_bytes);
    const auto page = text ? supervise::page_from_json(*text, file.string())
                           : Result<supervise::LedgerPage>(supervise::LedgerPage{});
    const auto digest = page ? digest_in_use(*page) : std::string();
    if (digest.empty()) {
        return {"", "; which version it had is not in the backup"};
    }
    const auto known = std::ranges::find(page->good, digest, &supervise::GoodVersion::digest);
    if (known == page->good.end()) {
        return {"", "; the version that it had was not confirmed"};
    }
    const auto adopted =
        supervisor_.adopt_version(agent, *known, restored.place / "versions" / (digest + ".so"));
    if (!adopted) {
        return {"", "; version " + known->version + " is not kept, it runs what is installed"};
    }
    return {digest, "; version " + known->version};
}

Result<void> StateRollback::exchange(const std::string& agent,
                                     const std::filesystem::path& other) const {
    auto to = agents_ / agent;
    auto from = other;
    if (!is_folder(from)) { // what had no state gets back none
        std::swap(from, to);
    }
    const unsigned how = is_folder(to) ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), how) != 0) {
        return fail_errno(attempt, to.string(), errno);
    }
    return {};
}

// With what is installed, or with a version of then.
Result<Outcome> StateRollback::start(const std::string& agent, const std::string& digest) {
    auto outcome = digest.empty() ? supervisor_.start(agent)
                                  : supervisor_.rollback(agent, {digest, true, true});
    if (outcome && outcome->action == "failed") {
        return fail(Errc::refused, "start", agent, outcome->text);
    }
    return outcome;
}

Result<void> StateRollback::is_well(const std::string& agent) {
    const auto reply = caller_.call(agent, "health", "{}", health_patience);
    if (!reply) {
        return Failure(reply.error());
    }
    if (reply->status == NOA_E_NOT_FOUND) { // says nothing of its health
        return {};
    }
    const auto answer = json::parse(reply->body, nullptr, false);
    if (reply->status != NOA_OK || !answer.is_object()) {
        return fail(Errc::refused, "health", agent, reply->body.substr(0, 512));
    }
    const auto judged = supervisor_.judge(agent, answer);
    return text_in(judged, "status") == "critical"
               ? Result<void>(fail(Errc::refused, "health", agent, "it says that it is critical"))
               : Result<void>();
}

Result<Outcome> StateRollback::exchange_and_start(const std::string& agent,
                                                  const Restored& restored, const Version& version,
                                                  const std::string& before) {
    if (auto stopped = supervisor_.stop(agent); !stopped) {
        return stopped;
    }
    const auto other = restored.place / "state";
    if (auto exchanged = exchange(agent, other); !exchanged) {
        static_cast<void>(start(agent, ""));
        return Failure(exchanged.error());
    }
    auto started = start(agent, version.digest == before ? "" : version.digest);
    if (started) {
        if (auto well = is_well(agent); !well) {
            started = Failure(well.error());
        }
    }
    if (started) {
        return started;
    }
    auto why = started.error();
    static_cast<void>(supervisor_.stop(agent));
    const auto undone = exchange(agent, other);
    const auto again =
        start(agent, version.digest == before || version.digest.empty() ? "" : before);
    why.attempt = attempt;
    why.reason = "with the state of " + restored.time + ": " + why.reason;
    why.advice = !undone ? "its former state is in " + other.string() + ": " + undone.error().text()
                 : again ? "it has its former state and runs"
                         : "it has its former state, and does not start: " + again.error().text();
    return Failure(std::move(why));
}

} // namespace noa::control
