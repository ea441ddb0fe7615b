#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "config/explain.hpp"
#include "control/manifest.hpp"
#include "noactl/commands.hpp"
#include "noactl/config_files.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

constexpr std::size_t max_manifest_bytes = control::max_manifest_bytes;

std::string plan_text(const Globals& globals, const json& plan) {
    Table table({{"AGENT"}, {"ACTION"}, {"KEY"}, {"FROM"}, {"TO"}});
    const auto add_changes = [&](const std::string& who, const std::string& action,
                                 const json& changes) {
        bool first = true;
        for (const auto& change : changes) {
            table.add({first ? who : "",
                       {first ? action : "", tone_of_state(action)},
                       member(change, "key"),
                       member(change, "from"),
                       member(change, "to")});
            first = false;
        }
        if (first && !action.empty()) {
            table.add({who, {action, tone_of_state(action)}, "", "", ""});
        }
    };
    add_changes("(host)", "", plan.value("host", json::array()));
    for (const auto& agent : plan.value("agents", json::array())) {
        const auto action = member(agent, "action");
        const auto refusal = member(agent, "refusal");
        if (!refusal.empty()) {
            table.add({member(agent, "agent"), {"refused", Tone::bad}, "", "", refusal});
        } else if (action != "keep") {
            add_changes(member(agent, "agent"), action, agent.value("changes", json::array()));
        }
    }
    for (const auto& service : plan.value("services", json::array())) {
        add_changes("service:" + member(service, "service"), member(service, "action"),
                    service.value("changes", json::array()));
    }
    return table.empty() ? "nothing to do: what runs is what the files say\n"
                         : table.render(globals.screen());
}

std::string explain_text(const Globals& globals, const json& answer) {
    Table table({{"KEY"}, {"VALUE"}, {"ORIGIN"}});
    for (const auto& item : answer.value("keys", json::array())) {
        const auto origin = member(item, "origin");
        table.add({member(item, "key"),
                   member(item, "value"),
                   {origin, origin == "default" ? Tone::faint : Tone::plain}});
    }
    return table.render(globals.screen());
}

Result<std::string> read_manifest(const std::string& file) {
    const bool from_stdin = file == "-";
    const UniqueFd fd(from_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                 : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string name = from_stdin ? "standard input" : file;
    if (!fd) {
        return fail_errno("read manifest", name, errno);
    }
    std::string text;
    std::array<char, 65'536> piece{};
    while (true) {
        const ssize_t got = ::read(fd.get(), piece.data(), piece.size());
        if (got == 0) {
            return text;
        }
        if (got < 0 && errno != EINTR) {
            return fail_errno("read manifest", name, errno);
        }
        text.append(piece.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        if (text.size() > max_manifest_bytes) {
            return fail(Errc::invalid, "read manifest", name,
                        "longer than " + bytes_text(max_manifest_bytes));
        }
    }
}

// Written beside and renamed, so that nobody ever reads half of it.
Result<void> write_file(const std::string& file, const std::string& text) {
    const std::string beside = file + ".new";
    const UniqueFd fd(
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640));
    if (!fd) {
        return fail_errno("write manifest", beside, errno);
    }
    std::string_view left = text;
    while (!left.empty()) {
        const ssize_t put = ::write(fd.get(), left.data(), left.size());
        if (put < 0 && errno != EINTR) {
            return fail_errno("write manifest", beside, errno);
        }
        left.remove_prefix(put > 0 ? static_cast<std::size_t>(put) : 0);
    }
    if (::fsync(fd.get()) != 0 || ::rename(beside.c_str(), file.c_str()) != 0) {
        return fail_errno("write manifest", file, errno);
    }
    return {};
}

int explain_without_host(const Globals& globals, const ConfigFiles& files, const std::string& key) {
    const auto config = config::load(sources_of(files));
    if (!config) {
        complain(config.error());
        return exit_failed;
    }
    say("no host answers in " + globals.runtime_dir.string() +
        ": this is what the files say, with the environment of noactl");
    const auto keys = config::explain(*config, key);
    if (!keys) {
        complain(keys.error());
        return exit_failed;
    }
    print(globals, {{"keys", *keys}},
          [&](const json& value) { return explain_text(globals, value); });
    return exit_ok;
}

} // namespace

int show_plan(const Globals& globals) {
    return ask_and_print(globals, "plan", json::object(),
                         [&](const json& plan) { return plan_text(globals, plan); });
}

int explain(const Globals& globals, const ConfigFiles& files, const std::string& key) {
    const auto reached = Client::connect(globals.runtime_dir);
    if (!reached && reached.error().code == Errc::unavailable) {
        return explain_without_host(globals, files, key);
    }
    return ask_and_print(globals, "explain", {{"key", key}},
                         [&](const json& answer) { return explain_text(globals, answer); });
}

int export_manifest(const Globals& globals, const std::string& file) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto manifest = client.ask("manifest_export", json::object(), question_timeout);
        if (!manifest) {
            return Failure(manifest.error());
        }
        const std::string text = json_text(*manifest, false) + "\n";
        if (file.empty() || file == "-") {
            print(text);
        } else if (auto written = write_file(file, text); !written) {
            return Failure(std::move(written.error()));
        }
        return exit_ok;
    });
}

int validate_manifest(const Globals& globals, const std::string& file) {
    const auto text = read_manifest(file);
    const auto manifest = text ? control::parse_manifest(*text) : Failure(text.error());
    if (!manifest) {
        complain(manifest.error());
        return exit_failed;
    }
    const auto count = (*manifest)["agents"].size();
    print(globals, {{"ok", true}, {"agents", count}},
          [&](const json&) { return file + ": good, " + std::to_string(count) + " agents\n"; });
    return exit_ok;
}

int import_manifest(const Globals& globals, const std::string& file) {
    const auto text = read_manifest(file);
    const auto manifest = text ? control::parse_manifest(*text) : Failure(text.error());
    if (!manifest) {
        complain(manifest.error());
        return exit_failed;
    }
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer =
            client.ask("manifest_import", {{"manifest", *text}}, control::no_timeout);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [&](const json& value) { return outcomes_text(globals, value); });
        return any_failed(*answer) ? exit_failed : exit_ok;
    });
}

} // namespace noa::noactl
