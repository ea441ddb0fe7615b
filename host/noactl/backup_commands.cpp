#include "noactl/backup_commands.hpp"

#include <poll.h>

#include <chrono>

#include "noactl/ask_agent.hpp"
#include "noactl/progress_line.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds backup_timeout{60'000};
constexpr int look_every_ms = 250;

using Show = std::function<std::string(const json&)>;

Result<json> ask_backup(Client& client, const std::string& operation, const json& body) {
    return ask_agent(client, "backup", operation, body, backup_timeout);
}

std::string fields_text(const Globals& globals, const json& answer) {
    return fields_table(answer).render(globals.screen());
}

// Prints what the agent answers at once.
int print_backup(const Globals& globals, const std::string& operation, const json& body,
                 const Show& show = {}) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_backup(client, operation, body);
        if (!answer) {
            return Failure(answer.error());
        }
        print(
            globals, *answer,
            show ? show : [&](const json& value) { return fields_text(globals, value); });
        return exit_ok;
    });
}

// Looks again until the job has ended; what it was answered, or its error.
Result<json> follow(const Globals& globals, Client& client, std::int64_t job, bool& ret_stopped) {
    const auto interrupt = Interrupt::open();
    if (!interrupt) {
        return Failure(interrupt.error());
    }
    ProgressLine line(globals);
    for (;;) {
        const auto status = ask_backup(client, "status", json::object());
        if (!status) {
            return Failure(status.error());
        }
        const json& running = child(*status, "running");
        const json& last = child(*status, "last");
        if (!running.is_object() || number(running, "job") != job) {
            if (!last.is_object() || number(last, "job") != job) {
                return fail(Errc::unavailable, "backup", "job " + std::to_string(job),
                            "nobody knows how it ended", "see noactl backup status");
            }
            if (last.contains("error")) {
                return fail(Errc::invalid, "backup", member(last, "kind"), member(last, "error"));
            }
            return child(last, "answer");
        }
        line.show(running);
        pollfd wake{interrupt->fd(), POLLIN, 0};
        if (::poll(&wake, 1, look_every_ms) > 0 && !ret_stopped) {
            ret_stopped = true;
            static_cast<void>(ask_backup(client, "cancel", json::object()));
        }
    }
}

int job(const Globals& globals, const std::string& operation, json body, const Show& show = {}) {
    body["wait"] = false;
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto begun = ask_backup(client, operation, body);
        if (!begun) {
            return Failure(begun.error());
        }
        bool stopped = false;
        const auto answer = follow(globals, client, number(*begun, "job"), stopped);
        if (!answer) {
            return stopped ? Result<int>(exit_interrupted) : Failure(answer.error());
        }
        print(
            globals, *answer,
            show ? show : [&](const json& value) { return fields_text(globals, value); });
        const bool wrong =
            !answer->value("ok", true) || (operation == "restore" && number(*answer, "faults") > 0);
        return wrong ? exit_failed : exit_ok;
    });
}

void put(json& body, const char* key, const std::string& value) {
    if (!value.empty()) {
        body[key] = value;
    }
}
json of_repository(const BackupArgs& args) {
    json body = json::object();
    put(body, "repository", args.repository);
    return body;
}
json of_plan(const BackupArgs& args) {
    json body = json::object();
    put(body, "plan", args.plan);
    return body;
}

std::string faults_text(const json& answer) {
    std::string out;
    for (const char* list : {"first_faults", "lost"}) {
        for (const auto& one : answer.value(list, json::array())) {
            out += "  " + escape_text(member(one, "what")) + ": " +
                   escape_text(member(one, "why")) + "\n";
        }
    }
    return out;
}

std::string run_text(const json& answer) {
    std::string out =
        "snapshot " + member(answer, "id").substr(0, 8) + ": " + member(answer, "files") +
        " files, " + member(answer, "unchanged") + " unchanged; " +
        bytes_text(static_cast<std::uint64_t>(number(answer, "new_bytes"))) + " new, " +
        bytes_text(static_cast<std::uint64_t>(number(answer, "stored_bytes"))) + " stored\n";
    if (number(answer, "faults") > 0) {
        out += "not kept, or changed meanwhile: " + member(answer, "faults") + "\n" +
               faults_text(answer);
    }
    for (const char* step : {"forget", "check", "drill", "copy"}) {
        const json& outcome = child(answer, step);
        if (outcome.is_object()) {
            const bool good = !outcome.contains("error") && outcome.value("ok", true);
            out += std::string(step) + ": " +
                   (good ? "good" : escape_text(outcome.value("error", "found faults"))) + "\n" +
                   (good ? "" : faults_text(outcome));
        }
    }
    return out;
}

std::string verdict_text(const Globals& globals, const json& answer) {
    json rest = answer;
    for (const char* list : {"first_faults", "lost", "bad_packs"}) {
        rest.erase(list);
    }
    return fields_text(globals, rest) + faults_text(answer);
}

std::string snapshots_text(const Globals& globals, const json& answer) {
    Table table({{"ID"}, {"TIME"}, {"HOST"}, {"TAGS"}, {"PATHS"}});
    for (const auto& one : answer.value("snapshots", json::array())) {
        std::string tags;
        for (const auto& tag : one.value("tags", std::vector<std::string>())) {
            tags += (tags.empty() ? "" : ",") + tag;
        }
        const auto paths = one.value("paths", std::vector<std::string>());
        const std::string first = paths.empty() ? "" : paths.front();
        table.add({member(one, "id").substr(0, 8), member(one, "time"), member(one, "host"), tags,
                   paths.size() > 1 ? first + " and " + std::to_string(paths.size() - 1) + " more"
                                    : first});
    }
    return table.empty() ? "no snapshots\n" : table.render(globals.screen());
}

std::string nodes_text(const Globals& globals, const json& answer) {
    Table table({{"TYPE"}, {"SIZE", true}, {"TIME"}, {"PATH"}});
    for (const auto& one : answer.value("nodes", json::array())) {
        table.add(
            {member(one, "type"), member(one, "size"), member(one, "mtime"), member(one, "path")});
    }
    return (table.empty() ? "nothing\n" : table.render(globals.screen())) +
           (answer.value("more", false) ? "… and more: see --count\n" : "");
}

std::string changes_text(const json& answer) {
    std::string out;
    for (const auto& one : answer.value("changes", json::array())) {
        out += member(one, "kind") + " " + escape_text(member(one, "path")) + "\n";
    }
    if (answer.value("more", false)) {
        out += "… and more: see --count\n";
    }
    return out.empty() ? "no difference\n" : out;
}

} // namespace

int backup_run(const Globals& globals, const BackupArgs& args) {
    return job(globals, "run", of_plan(args), run_text);
}

int backup_check(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    body["part"] = args.part;
    body["parts"] = args.parts;
    return job(globals, "check", body,
               [&](const json& value) { return verdict_text(globals, value); });
}

int backup_drill(const Globals& globals, const BackupArgs& args) {
    json body = of_plan(args);
    body["snapshot"] = args.snapshot;
    return job(globals, "drill", body,
               [&](const json& value) { return verdict_text(globals, value); });
}

int backup_restore(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    body["snapshot"] = args.snapshot;
    body["target"] = std::filesystem::absolute(args.target).string();
    body["strip"] = args.strip;
    put(body, "path", args.path);
    return job(globals, "restore", body,
               [&](const json& value) { return verdict_text(globals, value); });
}

int backup_forget(const Globals& globals, const BackupArgs& args) {
    json body = of_plan(args);
    body["dry_run"] = args.dry_run;
    body["prune"] = args.prune;
    return job(globals, "forget", body, [&](const json& value) {
        Table table({{"ID"}, {"TIME"}, {"KEPT AS"}});
        for (const char* list : {"keep", "remove"}) {
            for (const auto& one : value.value(list, json::array())) {
                std::string reasons;
                for (const auto& reason : one.value("reasons", std::vector<std::string>())) {
                    reasons += (reasons.empty() ? "" : ", ") + reason;
                }
                table.add({member(one, "id").substr(0, 8), member(one, "time"), reasons});
            }
        }
        return table.empty() ? std::string("no snapshots\n") : table.render(globals.screen());
    });
}

int backup_prune(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    body["dry_run"] = args.dry_run;
    return job(globals, "prune", body);
}

int backup_repair(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    put(body, "from", args.other);
    return job(globals, "repair", body);
}

int backup_copy(const Globals& globals, const BackupArgs& args) {
    return job(globals, "copy", {{"from", args.repository}, {"to", args.other}});
}

int backup_init(const Globals& globals, const BackupArgs& args) {
    return print_backup(globals, "init", of_repository(args));
}

int backup_list(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    put(body, "plan", args.plan);
    body["limit"] = args.count;
    return print_backup(globals, "list", body,
                        [&](const json& value) { return snapshots_text(globals, value); });
}

int backup_show(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    body["snapshot"] = args.snapshot;
    return print_backup(globals, "show", body);
}

int backup_ls(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    body["snapshot"] = args.snapshot;
    body["recursive"] = args.recursive;
    body["limit"] = args.count;
    put(body, "path", args.path);
    return print_backup(globals, "ls", body,
                        [&](const json& value) { return nodes_text(globals, value); });
}

int backup_diff(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    body["from"] = args.snapshot;
    put(body, "to", args.other);
    body["limit"] = args.count;
    return print_backup(globals, "diff", body, changes_text);
}

int backup_keys(const Globals& globals, const BackupArgs& args) {
    return print_backup(globals, "keys.list", of_repository(args), [&](const json& value) {
        Table table({{"ID"}, {"CREATED"}, {"USER"}, {"HOST"}, {"IN USE"}});
        for (const auto& one : value.value("keys", json::array())) {
            table.add({member(one, "id"), member(one, "created"), member(one, "user"),
                       member(one, "host"), one.value("in_use", false) ? "yes" : ""});
        }
        return table.render(globals.screen());
    });
}

int backup_key_add(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    body["password_file"] = std::filesystem::absolute(args.other).string();
    return print_backup(globals, "keys.add", body);
}

int backup_key_rotate(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    body["password_file"] = std::filesystem::absolute(args.other).string();
    return print_backup(globals, "keys.rotate", body);
}

int backup_key_remove(const Globals& globals, const BackupArgs& args) {
    json body = of_repository(args);
    body["key"] = args.other;
    return print_backup(globals, "keys.remove", body);
}

int backup_status(const Globals& globals) {
    return print_backup(globals, "status", json::object());
}

int backup_cancel(const Globals& globals) {
    return print_backup(globals, "cancel", json::object());
}

int backup_ready(const Globals& globals) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_backup(client, "ready", json::object());
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [](const json& value) {
            std::string out = value.value("ready", false) ? "ready\n" : "not ready\n";
            for (const auto& reason : value.value("reasons", std::vector<std::string>())) {
                out += "  " + escape_text(reason) + "\n";
            }
            return out;
        });
        return answer->value("ready", false) ? exit_ok : exit_failed;
    });
}

} // namespace noa::noactl
