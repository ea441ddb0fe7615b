#include "noactl/draft_commands.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "noactl/ask_agent.hpp"
#include "noactl/document_commands.hpp"
#include "noactl/editor.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds drafting_timeout{30'000};

int print_draft(const Globals& globals, const std::string& operation, const json& body,
                const std::function<std::string(const json&)>& show) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_drafting(client, operation, body);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, show);
        return exit_ok;
    });
}

void put_given(json& body, const char* key, const std::string& value) {
    if (!value.empty()) {
        body[key] = value;
    }
}

Result<json> template_parameters(const DraftArgs& args) {
    json all = json::object();
    for (const std::string& one : args.parameters) {
        const std::size_t equals = one.find('=');
        if (equals == std::string::npos || equals == 0) {
            return fail(Errc::invalid, "read --with", one, "must be NAME=VALUE");
        }
        const std::string text = one.substr(equals + 1);
        auto value = json::parse(text, nullptr, false);
        // Numbers stay as they are written.
        const bool plain = value.is_discarded() || value.is_number();
        all[one.substr(0, equals)] = plain ? json(text) : std::move(value);
    }
    return all;
}

std::string draft_facts_text(const json& answer) {
    std::string out;
    for (const char* key :
         {"id", "title", "type", "author", "status", "version", "tags", "tone", "audience",
          "template", "origin", "words", "bytes", "others", "created_at", "updated_at"}) {
        if (answer.contains(key)) {
            out += std::string(key) + ": " + escape_text(member(answer, key)) + "\n";
        }
    }
    for (const auto& one : answer.value("collaborators", json::array())) {
        out += escape_text(member(one, "name")) + " is " + member(one, "role") + "\n";
    }
    return out;
}

std::string draft_list_text(const Globals& globals, const json& answer) {
    const bool found = answer.contains("drafts") && !answer["drafts"].empty() &&
                       answer["drafts"][0].contains("snippet");
    Table table(
        {{"ID"}, {"STATUS"}, {"TYPE"}, {"AUTHOR"}, {"UPDATED"}, {found ? "FOUND" : "TITLE"}});
    for (const auto& one : answer.value("drafts", json::array())) {
        table.add({member(one, "id"), member(one, "status"), member(one, "type"),
                   member(one, "author"), member(one, "updated_at"),
                   member(one, found ? "snippet" : "title")});
    }
    return table.empty() ? "no drafts\n" : table.render(globals.screen());
}

std::string draft_history_text(const Globals& globals, const json& answer) {
    Table revisions({{"REVISION", true}, {"VERSION", true}, {"AT"}, {"AUTHOR"}, {"MESSAGE"}});
    for (const auto& one : answer.value("revisions", json::array())) {
        revisions.add({member(one, "number"), member(one, "version"), member(one, "at"),
                       member(one, "author"), member(one, "message")});
    }
    Table changes({{"VERSION", true}, {"AT"}, {"AUTHOR"}});
    for (const auto& one : answer.value("changes", json::array())) {
        changes.add({member(one, "version"), member(one, "at"), member(one, "author")});
    }
    return (revisions.empty() ? "" : revisions.render(globals.screen())) +
           (changes.empty() ? "no changes\n" : changes.render(globals.screen()));
}

std::string draft_blame_text(const Globals& globals, const json& answer) {
    Table table({{"LINES"}, {"VERSION", true}, {"AT"}, {"AUTHOR"}});
    for (const auto& one : answer.value("lines", json::array())) {
        const auto first = one.value("line", std::int64_t{0});
        const auto last = first + one.value("lines", std::int64_t{1}) - 1;
        const std::string lines = std::to_string(first) + "-" + std::to_string(last);
        table.add({first == last ? std::to_string(first) : lines, member(one, "version"),
                   member(one, "at"), member(one, "author")});
    }
    return table.empty() ? "no lines\n" : table.render(globals.screen());
}

std::string draft_words_text(const json& answer) {
    std::string out;
    for (const auto& one : answer.value("words", json::array())) {
        out += "@ " + member(one, "from") + "\n";
        const std::string removed = member(one, "removed");
        const std::string added = member(one, "added");
        out += removed.empty() ? "" : "- " + escape_text(removed) + "\n";
        out += added.empty() ? "" : "+ " + escape_text(added) + "\n";
    }
    return out;
}

} // namespace

Result<json> ask_drafting(Client& client, const std::string& operation, const json& body) {
    return ask_agent(client, "drafting", operation, body, drafting_timeout);
}

json draft_of(const DraftArgs& args) {
    return {{"id", args.id}, {"as", args.as.empty() ? user_name() : args.as}};
}

Result<json> whole_draft(Client& client, json body) {
    auto first = ask_drafting(client, "get", body);
    for (auto page = first; page && page->contains("next");) {
        body["version"] = (*first)["version"];
        body["from"] = (*page)["next"];
        page = ask_drafting(client, "get", body);
        if (!page) {
            return page;
        }
        (*first)["content"] = member(*first, "content") + member(*page, "content");
    }
    return first;
}

int draft_new(const Globals& globals, const DraftArgs& args) {
    const auto text = args.file.empty() ? Result<std::string>("") : read_input(args.file);
    const auto parameters = text ? template_parameters(args) : Failure(text.error());
    if (!parameters) {
        complain(parameters.error());
        return exit_usage;
    }
    json body = draft_of(args);
    if (args.id.empty()) {
        body.erase("id");
    }
    body["title"] = args.title;
    body["content"] = *text;
    body["tags"] = args.tags;
    put_given(body, "type", args.type);
    put_given(body, "template", args.from_template);
    if (!args.from_template.empty()) {
        body["parameters"] = *parameters;
    }
    return print_draft(globals, "create", body,
                       [](const json& answer) { return member(answer, "id") + "\n"; });
}

int draft_list(const Globals& globals, const DraftArgs& args) {
    json body{{"limit", args.count}, {"as", draft_of(args)["as"]}};
    put_given(body, "status", args.status);
    put_given(body, "type", args.type);
    put_given(body, "author", args.author);
    put_given(body, "tag", args.tag);
    put_given(body, "text", args.search);
    return print_draft(globals, args.search.empty() ? "list" : "search", body,
                       [&](const json& answer) { return draft_list_text(globals, answer); });
}

int draft_show(const Globals& globals, const DraftArgs& args) {
    json body = draft_of(args);
    if (args.blame) {
        return print_draft(globals, "blame", body,
                           [&](const json& answer) { return draft_blame_text(globals, answer); });
    }
    if (args.version >= 0) {
        body["version"] = args.version;
    }
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = whole_draft(client, body);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, [](const json& one) {
            const std::string text = member(one, "content");
            return ::isatty(STDOUT_FILENO) == 1 ? escape_lines(text) : text;
        });
        return exit_ok;
    });
}

int draft_edit(const Globals& globals, const DraftArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        json body = draft_of(args);
        const auto before = whole_draft(client, body);
        if (!before) {
            return Failure(before.error());
        }
        const std::string old = member(*before, "content");
        std::string file;
        auto text = args.file.empty() ? edited(old, ".md", file) : read_input(args.file);
        if (text && *text == old) {
            if (!file.empty()) {
                ::unlink(file.c_str());
            }
            say("unchanged");
            return exit_ok;
        }
        body["content"] = text ? *text : "";
        body["version"] = (*before)["version"];
        put_given(body, "message", args.message);
        const auto answer =
            text ? ask_drafting(client, "update", body) : Result<json>(Failure(text.error()));
        if (!answer) {
            if (!file.empty()) {
                say("what you wrote is in " + file);
            }
            return Failure(answer.error());
        }
        if (!file.empty()) {
            ::unlink(file.c_str());
        }
        print(globals, *answer,
              [](const json& one) { return "version " + member(one, "version") + "\n"; });
        return exit_ok;
    });
}

int draft_history(const Globals& globals, const DraftArgs& args) {
    json body = draft_of(args);
    body["limit"] = args.count;
    return print_draft(globals, "history", body,
                       [&](const json& answer) { return draft_history_text(globals, answer); });
}

int draft_diff(const Globals& globals, const DraftArgs& args) {
    json body = draft_of(args);
    body["from"] = args.from;
    if (args.version >= 0) {
        body["to"] = args.version;
    }
    body["words"] = args.words;
    return print_draft(globals, "diff", body, [&](const json& answer) {
        return args.words ? draft_words_text(answer) : escape_lines(member(answer, "unified"));
    });
}

int draft_restore(const Globals& globals, const DraftArgs& args) {
    json body = draft_of(args);
    body["version"] = args.version;
    put_given(body, "message", args.message);
    return print_draft(globals, "restore", body, [](const json& answer) {
        return "version " + member(answer, "version") + "\n";
    });
}

int draft_template(const Globals& globals, const DraftArgs& args) {
    if (args.name.empty()) {
        return print_draft(globals, "template.list", json::object(), [&](const json& answer) {
            Table table({{"NAME"}, {"AUTHOR"}, {"AT"}, {"DESCRIPTION"}});
            for (const auto& one : answer.value("templates", json::array())) {
                table.add({member(one, "name"), member(one, "author"), member(one, "at"),
                           member(one, "description")});
            }
            return table.empty() ? "no templates\n" : table.render(globals.screen());
        });
    }
    json body{{"name", args.name}};
    if (args.drop) {
        return print_draft(globals, "template.drop", body,
                           [&](const json&) { return args.name + ": gone\n"; });
    }
    const auto parameters = template_parameters(args);
    const auto text = args.file.empty() ? Result<std::string>("") : read_input(args.file);
    if (!parameters || !text) {
        complain(parameters ? text.error() : parameters.error());
        return exit_usage;
    }
    if (args.file.empty()) {
        body["parameters"] = *parameters;
        return print_draft(globals, "template.render", body, [](const json& answer) {
            return escape_lines(member(answer, "content"));
        });
    }
    body["content"] = *text;
    body["as"] = draft_of(args)["as"];
    put_given(body, "description", args.message);
    return print_draft(globals, "template.set", body,
                       [&](const json&) { return args.name + ": kept\n"; });
}

int draft_status(const Globals& globals, const DraftArgs& args) {
    json body = draft_of(args);
    if (args.status.empty()) {
        body["content"] = false;
        return print_draft(globals, "get", body, draft_facts_text);
    }
    body["to"] = args.status;
    return print_draft(globals, "move", body, [](const json& answer) {
        return escape_text(member(answer, "id")) + ": " + member(answer, "status") + "\n";
    });
}

} // namespace noa::noactl
