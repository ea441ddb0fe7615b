#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "config/override.hpp"
#include "config/toml.hpp"
#include "noa/message.h"
#include "noactl/document_commands.hpp"
#include "noactl/editor.hpp"
#include "noactl/text.hpp"
#include "noactl/yaml.hpp"

namespace noa::noactl {

using nlohmann::json;

namespace {

constexpr int deepest_input = 48;

Result<std::string> read_all(int fd, const std::string& name) {
    std::string text;
    std::array<char, 65'536> piece{};
    for (;;) {
        const ssize_t got = ::read(fd, piece.data(), piece.size());
        if (got == 0) {
            return text;
        }
        if (got < 0 && errno != EINTR) {
            return fail_errno("read", name, errno);
        }
        text.append(piece.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
        if (text.size() > NOA_BODY_MAX) {
            return fail(Errc::invalid, "read", name, "longer than 16 MiB");
        }
    }
}

// A key twice in an object, and nesting past the limit, are refused: another reader would make
// something else of it.
Result<json> strict_json(const std::string& text, const std::string& name) {
    std::vector<std::set<std::string>> open;
    std::string fault;
    const auto look = [&](int depth, json::parse_event_t event, json& part) {
        if (depth > deepest_input && fault.empty()) {
            fault = "nested deeper than 48 levels";
        }
        if (event == json::parse_event_t::object_start) {
            open.emplace_back();
        } else if (event == json::parse_event_t::object_end && !open.empty()) {
            open.pop_back();
        } else if (event == json::parse_event_t::key && fault.empty() &&
                   !open.back().insert(part.get<std::string>()).second) {
            fault = "the key " + json_text(part, true) + " is there twice";
        }
        return depth <= deepest_input;
    };
    try {
        auto value = json::parse(text, look);
        return fault.empty() ? Result<json>(std::move(value))
                             : fail(Errc::invalid, "read", name, fault);
    } catch (const json::exception& error) {
        const std::string_view why = error.what();
        return fail(Errc::invalid, "read", name, std::string(why.substr(why.find("] ") + 2)));
    }
}

Result<json> parsed(const std::string& text, const std::string& name) {
    if (!name.ends_with(".toml")) {
        return strict_json(text, name);
    }
    config::Problems problems;
    auto tree = config::parse_toml(text, name, problems);
    return problems.empty() ? Result<json>(std::move(tree.value))
                            : fail(Errc::invalid, "read", name, problems.text());
}

Result<json> read_value(const std::string& file) {
    const auto text = read_input(file);
    return text ? parsed(*text, file) : Failure(text.error());
}

std::string imported_text(const Globals& globals, const json& answer) {
    Table table({{"NAME"}, {"LAYER"}, {"CHANGE"}});
    for (const auto& one : answer.value("documents", json::array())) {
        const bool changed = one.value("changed", false);
        const auto& patches = child(child(answer, "patches"), member(one, "layer").c_str());
        const bool would = patches.is_object() && patches.contains(member(one, "name"));
        table.add({member(one, "name"), member(one, "layer"),
                   one.value("unset", false) ? "unset"
                   : would                   ? "would be changed"
                   : changed                 ? "version " + member(one, "version")
                                             : "unchanged"});
    }
    return table.render(globals.screen());
}

} // namespace

Result<std::string> read_input(const std::string& file) {
    const bool from_stdin = file == "-";
    const UniqueFd fd(from_stdin ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                 : ::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    const std::string name = from_stdin ? "standard input" : file;
    return fd ? read_all(fd.get(), name) : fail_errno("read", name, errno);
}

int config_validate(const Globals& globals, const DocumentArgs& args) {
    const auto value = read_value(args.file);
    if (!value) {
        complain(value.error());
        return exit_failed;
    }
    json body = document_of(args);
    body["value"] = *value;
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_config(client, "validate", body);
        if (!answer) {
            return Failure(answer.error());
        }
        if (!answer->value("ok", false)) {
            return fail(Errc::invalid, "config validate", args.file, member(*answer, "error"));
        }
        print(globals, *answer, [&](const json&) { return args.file + ": good\n"; });
        return exit_ok;
    });
}

int config_edit(const Globals& globals, const DocumentArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        json body{{"name", args.key}, {"layer", args.layer.empty() ? "base" : args.layer}};
        const auto before = ask_config(client, "get", body);
        if (!before) {
            return Failure(before.error());
        }
        std::string file = std::filesystem::temp_directory_path() / "noactl-XXXXXX.json";
        const UniqueFd made(::mkostemps(file.data(), 5, O_CLOEXEC));
        if (!made) {
            return fail_errno("make", file, errno);
        }
        const json old = before->value("value", json::object());
        auto done = write_text(file, json_text(old, false) + "\n");
        done = done ? run_editor(file) : done;
        const auto value = done ? read_value(file) : Failure(done.error());
        if (value && *value == old) {
            ::unlink(file.c_str());
            say("unchanged");
            return exit_ok;
        }
        body["value"] = value ? *value : json();
        body["if_version"] = before->value("version", 0);
        body["reason"] = args.reason.empty() ? "edited" : args.reason;
        const auto answer = value ? ask_config(client, "set", body) : Failure(value.error());
        if (!answer) {
            say("what you wrote is in " + file);
            return Failure(answer.error());
        }
        ::unlink(file.c_str());
        print(globals, *answer,
              [](const json& one) { return "version " + member(one, "version") + "\n"; });
        return exit_ok;
    });
}

int config_import(const Globals& globals, const DocumentArgs& args) {
    const auto value = read_value(args.file);
    if (!value) {
        complain(value.error());
        return exit_failed;
    }
    json body{{"documents", *value}, {"replace", args.replace}, {"dry_run", args.dry_run}};
    if (!args.reason.empty()) {
        body["reason"] = args.reason;
    }
    return print_config(globals, "import", body,
                        [&](const json& answer) { return imported_text(globals, answer); });
}

int config_export(const Globals& globals, const DocumentArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        json body = json::object();
        if (!args.layer.empty()) {
            body["layer"] = args.layer;
        }
        const auto answer = ask_config(client, "export", body);
        if (!answer) {
            return Failure(answer.error());
        }
        const auto& documents = child(*answer, "documents");
        Result<std::string> text = json_text(documents, false) + "\n";
        if (args.format == "toml") {
            text = config::render_toml(documents);
        } else if (args.format == "yaml") {
            text = yaml_text(documents);
        }
        if (!text) {
            return Failure(text.error());
        }
        if (args.file.empty() || args.file == "-") {
            print(*text);
        } else if (auto written = write_text(args.file, *text); !written) {
            return Failure(std::move(written.error()));
        }
        return exit_ok;
    });
}

int config_reserved(const Globals& globals, const std::string& kind, const DocumentArgs& args) {
    json body{{"name", args.key}};
    if (args.unset) {
        return print_config(globals, kind + ".unset", body,
                            [&](const json&) { return kind + " of " + args.key + ": unset\n"; });
    }
    if (!args.file.empty()) {
        const auto value = read_value(args.file);
        if (!value) {
            complain(value.error());
            return exit_failed;
        }
        body["value"] = *value;
        return print_config(globals, kind + ".set", body, [&](const json& answer) {
            return kind + " of " + args.key + ": version " + member(answer, "version") + "\n";
        });
    }
    const bool render = kind == "template" && args.with != "{}";
    if (render) {
        const auto with = strict_json(args.with, "--with");
        if (!with) {
            complain(with.error());
            return exit_usage;
        }
        body["with"] = *with;
    }
    return print_config(globals, kind + (render ? ".render" : ".get"), body, [](const json& value) {
        return value.contains("value") ? json_text(value["value"], false) + "\n"
                                       : std::string("none\n");
    });
}

} // namespace noa::noactl
