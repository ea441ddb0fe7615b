#include "../call.hpp"

namespace cache::resp {

namespace {

// What a client is told of its subscriptions: how many it has now.
void tell_subscription(Call& call, std::string_view what, const std::string_view* name) {
    call.reply.push(3);
    call.reply.bulk(what);
    if (name != nullptr) {
        call.reply.bulk(*name);
    } else {
        call.reply.null();
    }
    call.reply.integer(static_cast<std::int64_t>(call.client.subscriptions()));
}

void subscribe(Call& call) {
    for (const std::string_view channel : call.args.subspan(1)) {
        call.hub.channels.subscribe(call.client, channel);
        tell_subscription(call, "subscribe", &channel);
    }
}

void psubscribe(Call& call) {
    for (const std::string_view pattern : call.args.subspan(1)) {
        call.hub.channels.subscribe_pattern(call.client, pattern);
        tell_subscription(call, "psubscribe", &pattern);
    }
}

// From those named, or from all.
void leave(Call& call, bool patterns) {
    const std::string_view what = patterns ? "punsubscribe" : "unsubscribe";
    const auto& of_client = patterns ? call.client.patterns : call.client.channels;
    std::vector<std::string> names(of_client.begin(), of_client.end());
    if (call.size() > 1) {
        names.assign(call.args.begin() + 1, call.args.end());
    }
    if (names.empty()) {
        tell_subscription(call, what, nullptr);
    }
    for (const std::string& name : names) {
        if (patterns) {
            call.hub.channels.unsubscribe_pattern(call.client, name);
        } else {
            call.hub.channels.unsubscribe(call.client, name);
        }
        const std::string_view view = name;
        tell_subscription(call, what, &view);
    }
}

void unsubscribe(Call& call) {
    leave(call, false);
}

void punsubscribe(Call& call) {
    leave(call, true);
}

void publish(Call& call) {
    const std::string_view channel = call.arg(1);
    const std::string_view message = call.arg(2);
    const std::size_t most = call.hub.parameters.options().output_limit;
    const std::size_t told =
        call.hub.channels.publish(channel, [&](Client& client, std::string_view pattern) {
            Reply reply(client.output, client.protocol, client.sent + most);
            reply.push(pattern.empty() ? 3 : 4);
            reply.bulk(pattern.empty() ? "message" : "pmessage");
            if (!pattern.empty()) {
                reply.bulk(pattern);
            }
            reply.bulk(channel);
            reply.bulk(message);
            client.overflown = client.overflown || reply.overflown();
            call.hub.flush_later(client);
        });
    call.reply.integer(static_cast<std::int64_t>(told));
}

void pubsub(Call& call) {
    if (call.is(1, "channels") && call.size() <= 3) {
        const auto names =
            call.hub.channels.active(call.size() == 3 ? call.arg(2) : std::string_view());
        call.reply.array(names.size());
        for (const std::string_view name : names) {
            call.reply.bulk(name);
        }
    } else if (call.is(1, "numsub")) {
        call.reply.array((call.size() - 2) * 2);
        for (const std::string_view channel : call.args.subspan(2)) {
            call.reply.bulk(channel);
            call.reply.integer(static_cast<std::int64_t>(call.hub.channels.subscribers(channel)));
        }
    } else if (call.is(1, "numpat") && call.size() == 2) {
        call.reply.integer(static_cast<std::int64_t>(call.hub.channels.patterns()));
    } else if (call.is(1, "help")) {
        call.help({"PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                   "CHANNELS [<pattern>]", "    Return the currently active channels.", "NUMPAT",
                   "    Return number of subscriptions to patterns.", "NUMSUB [<channel> ...]",
                   "    Return the number of subscribers for the specified channels.", "HELP",
                   "    Print this help."});
    } else {
        call.unknown_subcommand();
    }
}

constexpr Flags of_subscription = pubsub_flag | loading | stale | subscribed;

constexpr Command pubsub_table[] = {
    entry("subscribe", -2, of_subscription, no_keys, subscribe, Group::pubsub, "2.0.0",
          "channel [channel ...]", "Listen for messages published to the given channels"),
    entry("psubscribe", -2, of_subscription, no_keys, psubscribe, Group::pubsub, "2.0.0",
          "pattern [pattern ...]",
          "Listen for messages published to channels matching the given patterns"),
    entry("unsubscribe", -1, of_subscription, no_keys, unsubscribe, Group::pubsub, "2.0.0",
          "[channel [channel ...]]", "Stop listening for messages posted to the given channels"),
    entry("punsubscribe", -1, of_subscription, no_keys, punsubscribe, Group::pubsub, "2.0.0",
          "[pattern [pattern ...]]",
          "Stop listening for messages posted to channels matching the given patterns"),
    entry("publish", 3, pubsub_flag | loading | stale | fast, no_keys, publish, Group::pubsub,
          "2.0.0", "channel message", "Post a message to a channel"),
    entry("pubsub", -2, container | pubsub_flag | loading | stale, no_keys, pubsub, Group::pubsub,
          "2.8.0", "CHANNELS [pattern]", "Inspect the state of the Pub/Sub subsystem"),
};

} // namespace

std::span<const Command> pubsub_commands() noexcept {
    return pubsub_table;
}

} // namespace cache::resp
