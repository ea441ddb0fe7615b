// COMMAND: the table of commands, as clients read it.
#include <algorithm>

#include "../../bus/glob.hpp"
#include "../call.hpp"

namespace cache::resp {

namespace {

std::vector<std::string_view> flags_of(const Command& command) {
    static constexpr std::pair<Flags, std::string_view> names[] = {
        {writes, "write"},    {reads, "readonly"},     {denies_oom, "denyoom"},
        {admin, "admin"},     {pubsub_flag, "pubsub"}, {fast, "fast"},
        {no_auth, "no_auth"}, {no_multi, "no_multi"},  {loading, "loading"},
        {stale, "stale"},
    };
    std::vector<std::string_view> flags;
    for (const auto& [flag, name] : names) {
        if ((command.flags & flag) != 0) {
            flags.push_back(name);
        }
    }
    return flags;
}

std::vector<std::string> categories_of(const Command& command) {
    std::vector<std::string> all;
    const auto add = [&](bool is, const char* name) {
        if (is) {
            all.emplace_back(name);
        }
    };
    const Flags flags = command.flags;
    const bool keyed = command.group <= Group::generic;
    add(command.group == Group::generic || (keyed && command.keys.first == 0), "@keyspace");
    add((flags & reads) != 0, "@read");
    add((flags & writes) != 0, "@write");
    if (command.group < Group::generic) {
        all.push_back("@" + std::string(name_of(command.group)));
    }
    add(command.group == Group::pubsub, "@pubsub");
    add(command.group == Group::transactions, "@transaction");
    add(command.group == Group::connection, "@connection");
    add((flags & admin) != 0, "@admin");
    add((flags & fast) != 0, "@fast");
    add((flags & fast) == 0, "@slow");
    add((flags & (dangerous | admin)) != 0, "@dangerous");
    return all;
}

void tell_info(Call& call, const Command& command) {
    Reply& reply = call.reply;
    reply.array(10);
    reply.bulk(command.name);
    reply.integer(command.arity);
    const auto flags = flags_of(command);
    reply.set(flags.size());
    for (const std::string_view flag : flags) {
        reply.simple(flag);
    }
    reply.integer(command.keys.first);
    reply.integer(command.keys.last);
    reply.integer(command.keys.step);
    const auto categories = categories_of(command);
    reply.set(categories.size());
    for (const std::string& category : categories) {
        reply.simple(category);
    }
    reply.array(0); // tips
    reply.array(0); // key specifications: the three numbers above say it
    reply.array(0); // subcommands
}

// One element of a syntax: a word, or what stands in brackets.
std::string_view take_argument(std::string_view& syntax) {
    while (!syntax.empty() && syntax.front() == ' ') {
        syntax.remove_prefix(1);
    }
    std::size_t at = 0;
    for (int depth = 0; at < syntax.size() && (depth > 0 || syntax[at] != ' '); ++at) {
        depth += syntax[at] == '[' ? 1 : syntax[at] == ']' ? -1 : 0;
    }
    const std::string_view argument = syntax.substr(0, at);
    syntax.remove_prefix(at);
    return argument;
}

void tell_arguments(Reply& reply, std::string_view syntax) {
    std::vector<std::string_view> arguments;
    for (std::string_view argument; !(argument = take_argument(syntax)).empty();) {
        arguments.push_back(argument);
    }
    reply.bulk("arguments");
    reply.array(arguments.size());
    for (std::string_view argument : arguments) {
        const bool optional = argument.front() == '[';
        reply.map(optional ? 3 : 2);
        reply.bulk("name");
        reply.bulk(optional ? argument.substr(1, argument.size() - 2) : argument);
        reply.bulk("type");
        reply.bulk("string");
        if (optional) {
            reply.bulk("flags");
            reply.set(1);
            reply.simple("optional");
        }
    }
}

void tell_docs(Call& call, const Command& command) {
    Reply& reply = call.reply;
    reply.bulk(command.name);
    reply.map(command.syntax.empty() ? 3 : 4);
    reply.bulk("summary");
    reply.bulk(command.summary);
    reply.bulk("since");
    reply.bulk(command.since);
    reply.bulk("group");
    reply.bulk(name_of(command.group));
    if (!command.syntax.empty()) {
        tell_arguments(reply, command.syntax);
    }
}

// Those named, or all; unknown ones are null.
std::vector<const Command*> named(Call& call) {
    const auto all = call.hub.commands.all();
    if (call.size() <= 2) {
        return {all.begin(), all.end()};
    }
    std::vector<const Command*> found;
    for (const std::string_view name : call.args.subspan(2)) {
        found.push_back(call.hub.commands.find(name));
    }
    return found;
}

void command_info(Call& call) {
    const auto commands = named(call);
    call.reply.array(commands.size());
    for (const Command* command : commands) {
        if (command != nullptr) {
            tell_info(call, *command);
        } else {
            call.reply.null_array();
        }
    }
}

void command_docs(Call& call) {
    auto commands = named(call);
    std::erase(commands, nullptr);
    call.reply.map(commands.size());
    for (const Command* command : commands) {
        tell_docs(call, *command);
    }
}

void command_getkeys(Call& call) {
    const Command* command = call.hub.commands.find(call.arg(2));
    if (command == nullptr) {
        call.reply.error("ERR Invalid command specified");
        return;
    }
    const Args args = call.args.subspan(2);
    if (command->keys.first == 0) {
        call.reply.error("ERR The command has no key arguments");
    } else if (!command->takes(args.size())) {
        call.reply.error("ERR Invalid number of arguments specified for command");
    } else {
        const auto keys = keys_of(*command, args);
        call.reply.array(keys.size());
        for (const std::string_view key : keys) {
            call.reply.bulk(key);
        }
    }
}

void command_list(Call& call) {
    std::vector<std::string_view> names;
    const bool filtered = call.size() == 5 && call.is(2, "filterby");
    if (call.size() != 2 && !filtered) {
        call.syntax_error();
        return;
    }
    for (const Command* command : call.hub.commands.all()) {
        const auto categories = categories_of(*command);
        const std::string category = filtered ? "@" + lower_case(call.arg(4)) : std::string();
        const bool is =
            !filtered || (call.is(3, "pattern") && matches(call.arg(4), command->name)) ||
            (call.is(3, "aclcat") &&
             std::find(categories.begin(), categories.end(), category) != categories.end());
        if (is) {
            names.push_back(command->name);
        }
    }
    call.reply.array(names.size());
    for (const std::string_view name : names) {
        call.reply.bulk(name);
    }
}

void command(Call& call) {
    if (call.size() == 1 || call.is(1, "info")) {
        command_info(call);
    } else if (call.is(1, "docs")) {
        command_docs(call);
    } else if (call.is(1, "count") && call.size() == 2) {
        call.reply.integer(static_cast<std::int64_t>(call.hub.commands.all().size()));
    } else if (call.is(1, "getkeys") && call.size() > 2) {
        command_getkeys(call);
    } else if (call.is(1, "list")) {
        command_list(call);
    } else if (call.is(1, "help")) {
        call.help({"COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                   "(no subcommand)", "    Return details about all commands.", "COUNT",
                   "    Return the total number of commands.", "DOCS [<command-name> ...]",
                   "    Return documentation details about multiple commands.",
                   "GETKEYS <full-command>", "    Return the keys from a full command.",
                   "INFO [<command-name> ...]", "    Return details about multiple commands.",
                   "LIST [FILTERBY (ACLCAT <category>|PATTERN <pattern>)]",
                   "    Return a list of all commands.", "HELP", "    Print this help."});
    } else {
        call.unknown_subcommand();
    }
}

constexpr Command command_table[] = {
    entry("command", -1, container | loading | stale, no_keys, command, Group::server, "2.8.13",
          "[COUNT | DOCS [command-name ...] | GETKEYS command [arg ...] | INFO [command-name ...] "
          "| LIST]",
          "Get array of command details"),
};

} // namespace

std::span<const Command> command_commands() noexcept {
    return command_table;
}

} // namespace cache::resp
