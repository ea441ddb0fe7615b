#include "noactl/message_command_line.hpp"

namespace noa::noactl {

namespace {

class MessageCommands {
public:
    MessageCommands(CLI::App& messages, const Globals& globals, MessageArgs& args,
                    std::function<int()>& chosen)
        : messages_(messages), globals_(globals), args_(args), chosen_(chosen) {}

    void add_send() {
        auto* send = add("send", "Hands a message over, to be delivered", messages_send);
        send->add_option("TO", args_.to, "Agent")->required();
        send->add_option("OPERATION", args_.operation,
                         "Of the agent; left out with --subject and --webhook");
        send->add_option("BODY", args_.body, "JSON, or a text that is none; -: standard input")
            ->capture_default_str();
        auto* group = send->add_flag("--group", args_.group, "TO is a group of agents");
        auto* subject = send->add_flag("--subject", args_.subject, "TO is a subject");
        auto* webhook =
            send->add_flag("--webhook", args_.webhook, "TO is an endpoint of the settings");
        subject->excludes(group)->excludes(webhook);
        webhook->excludes(group);
        send->add_option("--id", args_.id, "The same id again is taken once");
        send->add_option("--priority", args_.priority, "high, normal, low")
            ->check(CLI::IsMember({"high", "normal", "low"}))
            ->capture_default_str();
        send->add_option("--conversation", args_.conversation, "That it belongs to");
        send->add_flag("--ordered", args_.ordered, "One of its conversation at a time");
        send->add_option("--delay", args_.delay, "Not before, from now: 5min");
        send->add_option("--ttl", args_.ttl, "Not after, from now: 1h");
        send->add_option("--attempts", args_.attempts, "In all")->check(CLI::Range(1, 100));
    }

    void add_looks() {
        auto* list = add("list", "Messages, the newest first", messages_list);
        auto* dead = add("dead", "Messages that were given up", messages_dead);
        for (auto* command : {list, dead}) {
            command->add_option("--to", args_.to, "Agent, subject or endpoint");
            command->add_option("--sender", args_.sender, "Agent");
            command->add_option("--count", args_.count, "How many")
                ->check(CLI::Range(1, 1000))
                ->capture_default_str();
        }
        list->add_option("--conversation", args_.conversation, "Of which they are");
        list->add_option("--state", args_.state, "Of which they are")
            ->check(CLI::IsMember({"queued", "failed", "acked", "dead", "expired", "cancelled"}));
        id(*add("show", "A message with its whole life", messages_show));
        id(*add("follow", "What becomes of a message; 1 when it did not arrive", messages_follow));
        auto* tasks =
            add("tasks", "Tasks, the newest first, and counts of the last hour", messages_tasks);
        tasks->add_option("--type", args_.type, "Of which they are");
        tasks->add_option("--state", args_.state, "Of which they are")
            ->check(CLI::IsMember({"pending", "processing", "completed", "failed"}));
        tasks->add_flag("--stuck", args_.stuck, "In processing for too long");
        tasks->add_option("--count", args_.count, "How many")
            ->check(CLI::Range(1, 1000))
            ->capture_default_str();
        auto* conversations =
            add("conversations", "Conversations; or what was said in one", messages_conversations);
        conversations->add_option("CONVERSATION", args_.conversation, "Its messages");
        conversations->add_option("--search", args_.search, "Messages that have these words");
        conversations->add_flag("--archived", args_.archived, "Those that are archived");
        conversations->add_option("--count", args_.count, "How many")
            ->check(CLI::Range(1, 100))
            ->capture_default_str();
        add("check", "What the rules of content say of a body", messages_check)
            ->add_option("BODY", args_.body, "JSON, or a text; -: standard input")
            ->required();
        auto* streams = add("streams", "The streams; or one, with its consumers", messages_streams);
        streams->add_option("STREAM", args_.stream, "Its name");
        add("queues", "What waits, by recipient",
            [](const Globals& globals, const MessageArgs&) { return messages_queues(globals); });
    }

    void add_changes() {
        auto* append = add("append", "Adds an entry to a stream", messages_append);
        append->add_option("STREAM", args_.stream, "Its name")->required();
        append->add_option("BODY", args_.body, "JSON, or a text that is none; -: standard input")
            ->capture_default_str();
        append->add_option("--id", args_.id, "The same id again is taken once");
        auto* replay = add("replay", "Delivers messages again that were given up", messages_replay);
        auto* expire =
            add("expire", "Closes messages for good that were given up", messages_expire);
        for (auto* command : {replay, expire}) {
            command->add_option("ID", args_.ids, "Of messages");
            command->add_option("--to", args_.to, "All for this recipient");
            command->add_flag("--all", args_.all, "Whomever they were for");
        }
        id(*add("cancel", "Takes a message back that waits", messages_cancel));
        auto* breakers = add("breakers", "The circuit breaker of each recipient; or sets one",
                             messages_breakers);
        auto* set = breakers->add_option("STATE", args_.state, "open, close: until it is changed")
                        ->check(CLI::IsMember({"open", "close"}));
        auto* to = breakers->add_option("TO", args_.to, "Agent, subject or endpoint");
        to->needs(set);
        set->needs(to);
    }

private:
    using Run = int (*)(const Globals&, const MessageArgs&);

    CLI::App* add(const char* verb, const char* text, Run run) {
        auto* command = messages_.add_subcommand(verb, text);
        command->callback([run, &chosen = chosen_, &globals = globals_, &args = args_] {
            chosen = [run, &globals, &args] { return run(globals, args); };
        });
        return command;
    }
    void id(CLI::App& command) { command.add_option("ID", args_.id, "Of a message")->required(); }

    CLI::App& messages_;
    const Globals& globals_;
    MessageArgs& args_;
    std::function<int()>& chosen_;
};

} // namespace

void add_message_commands(CLI::App& app, const Globals& globals, MessageArgs& args,
                          std::function<int()>& chosen) {
    auto* messages = app.add_subcommand("messages", "What agents hand over to be delivered");
    messages->require_subcommand(1);
    MessageCommands commands(*messages, globals, args, chosen);
    commands.add_send();
    commands.add_looks();
    commands.add_changes();
}

} // namespace noa::noactl
