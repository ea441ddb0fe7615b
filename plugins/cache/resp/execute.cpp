#include "execute.hpp"

namespace cache::resp {

namespace {

constexpr std::size_t most_shown_bytes = 128; // of what is not known, in errors

void tell_unknown(Reply& reply, Args args) {
    std::string text = "ERR unknown command '";
    text.append(args.front().substr(0, most_shown_bytes)).append("', with args beginning with: ");
    std::size_t left = most_shown_bytes;
    for (const std::string_view arg : args.subspan(1)) {
        if (left == 0) {
            break;
        }
        const std::string_view part = arg.substr(0, left);
        text.append("'").append(part).append("' ");
        left -= std::min(left, part.size() + 3);
    }
    reply.error(text);
}

// Why it may not be done; empty when it may.
std::string refusal(const Client& client, const Hub& hub, const Command& command, Args args) {
    if (!command.takes(args.size())) {
        return std::string("ERR wrong number of arguments for '")
            .append(command.name)
            .append("' command");
    }
    if (!client.authenticated && (command.flags & no_auth) == 0 &&
        !hub.parameters.options().password.empty()) {
        return "NOAUTH Authentication required.";
    }
    if (client.protocol == 2 && client.subscriptions() > 0 && (command.flags & subscribed) == 0) {
        return std::string("ERR Can't execute '")
            .append(command.name)
            .append("': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed "
                    "in this context");
    }
    return {};
}

void queue(Client& client, Reply& reply, Args args) {
    std::size_t bytes = args.size() * sizeof(std::string);
    for (const std::string_view arg : args) {
        bytes += arg.size();
    }
    if (client.queued_bytes + bytes > most_queued_bytes) {
        client.multi_failed = true;
        reply.error("ERR the transaction is too large");
        return;
    }
    client.queued_bytes += bytes;
    client.queued.emplace_back(args.begin(), args.end());
    reply.simple("QUEUED");
}

void fail(Hub& hub, Client& client, Reply& reply, std::string_view why) {
    client.multi_failed = client.multi_failed || client.in_multi;
    hub.tally.errors.add();
    reply.error(why);
}

void answer(Hub& hub, Store& store, Client& client, Reply& reply, Args args) {
    const Command* command = hub.commands.find(args.front());
    if (command == nullptr) {
        // Somebody speaks HTTP: a web page, perhaps, that is to make a browser talk to us.
        if (same_word(args.front(), "post") || same_word(args.front(), "host:")) {
            client.dead = true;
            return;
        }
        client.multi_failed = client.multi_failed || client.in_multi;
        hub.tally.errors.add();
        tell_unknown(reply, args);
        return;
    }
    if (const std::string why = refusal(client, hub, *command, args); !why.empty()) {
        fail(hub, client, reply, why);
    } else if (client.in_multi && (command->flags & no_multi) == 0) {
        queue(client, reply, args);
    } else {
        run_command(hub, store, client, reply, args);
    }
}

} // namespace

void run_command(Hub& hub, Store& store, Client& client, Reply& reply, Args args) {
    const Command* command = hub.commands.find(args.front());
    if (command == nullptr || !command->takes(args.size())) { // as it was kept by another version
        tell_unknown(reply, args);
        return;
    }
    client.last_command = command->name;
    if ((command->flags & container) != 0 && args.size() > 1) {
        client.last_subcommand = lower_case(args[1].substr(0, longest_command_name));
    } else if (!client.last_subcommand.empty()) {
        client.last_subcommand.clear();
    }
    ++hub.calls[hub.commands.number_of(*command)];
    Keyspace keys(store, hub.watches, client.space, client.database, hub.clock.now());
    Call call{args, client, reply, keys, hub, *command};
    command->run(call);
}

void execute(Hub& hub, Store& store, Client& client, Args args) {
    if (client.replies == Replies::skip_next) {
        client.replies = Replies::skip;
    }
    const std::size_t before = client.output.size();
    const std::size_t most = client.sent + hub.parameters.options().output_limit;
    Reply reply(client.output, client.protocol, most);
    answer(hub, store, client, reply, args);
    client.overflown = client.overflown || reply.overflown() || client.output.size() > most;
    const bool silent = client.replies == Replies::off || client.replies == Replies::skip;
    if (silent && !reply.pushed()) {
        client.output.resize(before);
    }
    if (client.replies == Replies::skip) {
        client.replies = Replies::on;
    }
}

} // namespace cache::resp
