#include "noactl/message_commands.hpp"

#include <cstdio>

#include "noactl/ask_agent.hpp"
#include "noactl/document_commands.hpp"
#include "noactl/text.hpp"

namespace noa::noactl {

using nlohmann::json;

namespace {

constexpr std::chrono::milliseconds answer_timeout{30'000};
constexpr int patience_s = 20; // of one look at a message that is followed

Result<json> ask_messages(Client& client, const std::string& operation, const json& body) {
    return ask_agent(client, "communication", operation, body, answer_timeout);
}

int print_messages(const Globals& globals, const std::string& operation, const json& body,
                   const std::function<std::string(const json&)>& show) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        const auto answer = ask_messages(client, operation, body);
        if (!answer) {
            return Failure(answer.error());
        }
        print(globals, *answer, show);
        return exit_ok;
    });
}

Tone tone_of(const std::string& state) {
    return state == "acked"                        ? Tone::good
           : state == "dead" || state == "expired" ? Tone::bad
           : state == "failed"                     ? Tone::notice
                                                   : Tone::plain;
}

std::string list_text(const Globals& globals, const json& answer) {
    Table table({{"ID"},
                 {"CREATED"},
                 {"SENDER"},
                 {"TO"},
                 {"OPERATION"},
                 {"STATE"},
                 {"ATTEMPTS", true},
                 {"ERROR"}});
    for (const auto& one : answer.value("messages", json::array())) {
        const auto state = member(one, "state");
        table.add({member(one, "id"), member(one, "created_at"), member(one, "sender"),
                   member(one, "to"), member(one, "operation"), Cell(state, tone_of(state)),
                   member(one, "attempts"), member(one, "error")});
    }
    return table.empty() ? "no messages\n" : table.render(globals.screen());
}

std::string message_text(const Globals& globals, const json& answer) {
    std::string out;
    for (const auto* key :
         {"id", "type", "sender", "to", "operation", "conversation", "priority", "state",
          "created_at", "due_at", "deadline", "settled_at", "delivery_ms", "error", "flags"}) {
        if (answer.contains(key)) {
            out += std::string(key) + ": " + escape_text(member(answer, key)) + "\n";
        }
    }
    out += "body: " + cut_to(json_text(child(answer, "body"), true), 2000) + "\n";
    Table table({{"ATTEMPT", true}, {"ENDED"}, {"TOOK MS", true}, {"STATUS"}, {"ERROR"}});
    for (const auto& one : answer.value("life", json::array())) {
        const auto status = member(one, "status");
        table.add({member(one, "number"), member(one, "at"), member(one, "took_ms"),
                   Cell(status, status == "ok" ? Tone::good : Tone::bad), member(one, "error")});
    }
    return out + (table.empty() ? "" : table.render(globals.screen()));
}

Result<json> content_of(const std::string& body) {
    const auto text = body == "-" ? read_input("-") : Result<std::string>(body);
    if (!text) {
        return Failure(text.error());
    }
    auto value = json::parse(*text, nullptr, false);
    return value.is_discarded() ? json(*text) : value;
}

json dead_body(const MessageArgs& args) {
    json body = json::object();
    if (!args.ids.empty()) {
        body["ids"] = args.ids;
    }
    if (!args.to.empty()) {
        body["to"] = args.to;
    }
    if (args.all) {
        body["all"] = true;
    }
    return body;
}

} // namespace

int messages_send(const Globals& globals, const MessageArgs& args) {
    // Who has no operations is given the body in its place.
    const bool operates = !args.subject && !args.webhook;
    const bool two = args.body != MessageArgs().body;
    if (operates ? args.operation.empty() : two && !args.operation.empty()) {
        complain({Errc::invalid, "send a message to", args.to,
                  operates ? "OPERATION is missing" : "a subject or webhook has no OPERATION",
                  operates ? "noactl describe AGENT lists them" : "TO, then BODY"});
        return exit_usage;
    }
    const auto content =
        content_of(operates || args.operation.empty() ? args.body : args.operation);
    if (!content) {
        complain(content.error());
        return exit_usage;
    }
    json body{{args.group     ? "group"
               : args.subject ? "subject"
               : args.webhook ? "webhook"
                              : "to",
               args.to},
              {"body", *content},
              {"priority", args.priority}};
    if (operates) {
        body["operation"] = args.operation;
    }
    const auto add = [&body](const char* key, const std::string& value) {
        if (!value.empty()) {
            body[key] = value;
        }
    };
    add("id", args.id);
    add("conversation", args.conversation);
    add("delay", args.delay);
    add("ttl", args.ttl);
    if (args.ordered) {
        body["ordered"] = true;
    }
    if (args.attempts > 0) {
        body["attempts"] = args.attempts;
    }
    return print_messages(globals, "send", body, [](const json& answer) {
        const bool twice = answer.value("duplicate", false);
        return escape_text(member(answer, "id")) + (twice ? ": taken before\n" : ": queued\n");
    });
}

int messages_append(const Globals& globals, const MessageArgs& args) {
    const auto content = content_of(args.body);
    if (!content) {
        complain(content.error());
        return exit_usage;
    }
    json body{{"stream", args.stream}, {"body", *content}};
    if (!args.id.empty()) {
        body["id"] = args.id;
    }
    return print_messages(globals, "stream.append", body, [&](const json& answer) {
        const std::string place = escape_text(args.stream) + " " +
                                  std::to_string(answer.value("position", std::int64_t{0}));
        return place + (answer.value("duplicates", 0) > 0 ? ": taken before\n" : ": appended\n");
    });
}

int messages_list(const Globals& globals, const MessageArgs& args) {
    json body{{"limit", args.count}};
    const auto add = [&body](const char* key, const std::string& value) {
        if (!value.empty()) {
            body[key] = value;
        }
    };
    add("to", args.to);
    add("sender", args.sender);
    add("conversation", args.conversation);
    add("state", args.state);
    return print_messages(globals, "list", body,
                          [&](const json& answer) { return list_text(globals, answer); });
}

int messages_dead(const Globals& globals, const MessageArgs& args) {
    MessageArgs dead = args;
    dead.state = "dead";
    return messages_list(globals, dead);
}

int messages_show(const Globals& globals, const MessageArgs& args) {
    return print_messages(globals, "show", {{"id", args.id}},
                          [&](const json& answer) { return message_text(globals, answer); });
}

int messages_follow(const Globals& globals, const MessageArgs& args) {
    return with_client(globals, [&](Client& client) -> Result<int> {
        std::string last;
        for (json known = json::object();;) {
            known["id"] = args.id;
            known["wait_s"] = last.empty() ? 0 : patience_s;
            const auto answer = ask_messages(client, "wait", known);
            if (!answer) {
                return Failure(answer.error());
            }
            known["attempts"] = number(*answer, "attempts");
            const bool settled = answer->value("settled", false);
            const auto error = member(*answer, "error");
            const auto line = member(*answer, "state") + ", " + member(*answer, "attempts") +
                              " attempts" + (error.empty() ? "" : ": " + escape_text(error)) + "\n";
            if (std::exchange(last, line) != line) {
                print(globals.json ? json_text(*answer, true) + "\n" : line);
            }
            if (std::fflush(stdout) != 0 || settled) {
                return member(*answer, "state") == "acked" ? exit_ok : exit_failed;
            }
        }
    });
}

int messages_replay(const Globals& globals, const MessageArgs& args) {
    return print_messages(globals, "replay", dead_body(args), [](const json& answer) {
        return member(answer, "replayed") + " messages are delivered again\n";
    });
}

int messages_expire(const Globals& globals, const MessageArgs& args) {
    return print_messages(globals, "expire", dead_body(args), [](const json& answer) {
        return member(answer, "expired") + " messages are closed\n";
    });
}

int messages_cancel(const Globals& globals, const MessageArgs& args) {
    return print_messages(globals, "cancel", {{"id", args.id}}, [](const json& answer) {
        return escape_text(member(answer, "id")) + ": cancelled\n";
    });
}

int messages_queues(const Globals& globals) {
    return print_messages(globals, "queues", json::object(), [&](const json& answer) {
        Table table({{"TO"},
                     {"TYPE"},
                     {"DEPTH", true},
                     {"UNDER WAY", true},
                     {"DELIVERED", true},
                     {"FAILED", true},
                     {"DEAD", true}});
        for (const auto& one : answer.value("queues", json::array())) {
            table.add({member(one, "to"), member(one, "type"), member(one, "depth"),
                       member(one, "under_way"), member(one, "delivered"),
                       member(one, "failed_attempts"), member(one, "dead")});
        }
        return table.empty() ? std::string("nothing was sent yet\n")
                             : table.render(globals.screen());
    });
}

int messages_conversations(const Globals& globals, const MessageArgs& args) {
    json body{{"limit", args.count}};
    if (!args.search.empty() || !args.conversation.empty()) {
        const bool history = args.search.empty();
        if (!args.conversation.empty()) {
            body["conversation"] = args.conversation;
        }
        if (!history) {
            body["text"] = args.search;
        }
        return print_messages(
            globals, history ? "conversation.history" : "conversation.search", body,
            [&](const json& answer) {
                Table table({{"ID"}, {"CREATED"}, {"SENDER"}, {"TO"}, {"STATE"}, {"TEXT"}});
                for (const auto& one : answer.value("messages", json::array())) {
                    const auto text =
                        history ? json_text(child(one, "body"), false) : member(one, "snippet");
                    table.add({member(one, "id"), member(one, "created_at"), member(one, "sender"),
                               member(one, "to"), member(one, "state"), cut_to(text, 200)});
                }
                return table.empty() ? "no messages\n" : table.render(globals.screen());
            });
    }
    body["archived"] = args.archived;
    return print_messages(globals, "conversation.list", body, [&](const json& answer) {
        Table table(
            {{"CONVERSATION"}, {"MESSAGES", true}, {"LAST ACTIVITY"}, {"PARTICIPANTS"}, {"TOPIC"}});
        for (const auto& one : answer.value("conversations", json::array())) {
            std::string participants;
            for (const auto& agent : one.value("participants", json::array())) {
                participants += (participants.empty() ? "" : ", ") + agent.get<std::string>();
            }
            table.add({member(one, "conversation"), member(one, "messages"),
                       member(one, "last_activity"), participants, member(one, "topic")});
        }
        return table.empty() ? "no conversations\n" : table.render(globals.screen());
    });
}

int messages_check(const Globals& globals, const MessageArgs& args) {
    const auto content = content_of(args.body);
    if (!content) {
        complain(content.error());
        return exit_usage;
    }
    return print_messages(globals, "content.check", {{"body", *content}}, [](const json& answer) {
        std::string out;
        for (const auto& rule : answer.value("flags", json::array())) {
            out += "flagged: " + escape_text(rule.get<std::string>()) + "\n";
        }
        if (answer.contains("rejected")) {
            out += "refused: " + escape_text(member(answer, "rejected")) + "\n";
        }
        return out.empty() ? "no rule says anything\n" : out;
    });
}

int messages_streams(const Globals& globals, const MessageArgs& args) {
    const json body = args.stream.empty() ? json::object() : json{{"stream", args.stream}};
    return print_messages(globals, "stream.list", body, [&](const json& answer) {
        Table streams({{"STREAM"},
                       {"ENTRIES", true},
                       {"BYTES", true},
                       {"FIRST", true},
                       {"LAST", true},
                       {"LAST AT"}});
        for (const auto& one : answer.value("streams", json::array())) {
            streams.add({member(one, "stream"), member(one, "entries"), member(one, "bytes"),
                         member(one, "first"), member(one, "last"), member(one, "last_at")});
        }
        Table consumers({{"CONSUMER"},
                         {"NEXT", true},
                         {"WAITING", true},
                         {"UNDER WAY", true},
                         {"SETTLED", true},
                         {"GIVEN UP", true}});
        for (const auto& one : answer.value("consumers", json::array())) {
            const auto given_up = member(one, "given_up");
            consumers.add({member(one, "consumer"), member(one, "next"), member(one, "waiting"),
                           member(one, "under_way"), member(one, "settled"),
                           Cell(given_up, given_up == "0" ? Tone::plain : Tone::bad)});
        }
        return (streams.empty() ? std::string("no streams\n") : streams.render(globals.screen())) +
               (consumers.empty() ? "" : "\n" + consumers.render(globals.screen()));
    });
}

int messages_tasks(const Globals& globals, const MessageArgs& args) {
    const json body{
        {"type", args.type}, {"status", args.state}, {"stuck", args.stuck}, {"limit", args.count}};
    return print_messages(globals, "task.list", body, [&](const json& answer) {
        Table table({{"ID"},
                     {"TYPE"},
                     {"STATUS"},
                     {"ATTEMPT", true},
                     {"WORKER"},
                     {"CREATED"},
                     {"STARTED"},
                     {"ERROR"}});
        for (const auto& one : answer.value("tasks", json::array())) {
            table.add({member(one, "id"), member(one, "type"), member(one, "status"),
                       member(one, "attempt"), member(one, "worker"), member(one, "created_at"),
                       member(one, "started_at"), member(one, "error")});
        }
        Table counts({{"LAST HOUR"}, {"STATUS"}, {"TASKS", true}});
        for (const auto& one : answer.value("last_hour", json::array())) {
            counts.add({member(one, "type"), member(one, "status"), member(one, "count")});
        }
        return (table.empty() ? std::string("no tasks\n") : table.render(globals.screen())) +
               (counts.empty() ? "" : "\n" + counts.render(globals.screen()));
    });
}

int messages_breakers(const Globals& globals, const MessageArgs& args) {
    if (!args.to.empty()) {
        const auto* verb = args.state == "open" ? "breaker.open" : "breaker.close";
        return print_messages(globals, verb, {{"to", args.to}}, [](const json& answer) {
            return escape_text(member(answer, "to")) + ": " + member(answer, "state") + "\n";
        });
    }
    return print_messages(globals, "breakers", json::object(), [&](const json& answer) {
        Table table({{"TO"},
                     {"TYPE"},
                     {"STATE"},
                     {"BY HAND"},
                     {"IN A ROW", true},
                     {"OPENED", true},
                     {"NEXT TRY S", true}});
        for (const auto& one : answer.value("breakers", json::array())) {
            const auto state = member(one, "state");
            table.add({member(one, "to"), member(one, "type"),
                       Cell(state, state == "closed" ? Tone::good : Tone::bad),
                       one.value("by_hand", false) ? "yes" : "", member(one, "failures_in_a_row"),
                       member(one, "times_opened"), member(one, "next_try_s")});
        }
        return table.empty() ? std::string("nothing was sent yet\n")
                             : table.render(globals.screen());
    });
}

} // namespace noa::noactl
