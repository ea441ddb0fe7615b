#include "../number.hpp"
#include "server_facts.hpp"

namespace cache::resp {

namespace {

void ping(Call& call) {
    if (call.size() > 2) {
        call.wrong_arity();
    } else if (call.client.protocol == 2 && call.client.subscriptions() > 0) {
        call.reply.array(2);
        call.reply.bulk("pong");
        call.reply.bulk(call.size() == 2 ? call.arg(1) : std::string_view());
    } else if (call.size() == 2) {
        call.reply.bulk(call.arg(1));
    } else {
        call.reply.simple("PONG");
    }
}

void echo(Call& call) {
    call.reply.bulk(call.arg(1));
}

// In a time that does not depend on how much of it is right.
bool same_secret(std::string_view given, std::string_view secret) noexcept {
    unsigned differs = given.size() == secret.size() ? 0 : 1;
    for (std::size_t at = 0; at < given.size(); ++at) {
        differs |= static_cast<std::uint8_t>(given[at]) ^
                   static_cast<std::uint8_t>(secret.empty() ? '\0' : secret[at % secret.size()]);
    }
    return differs == 0;
}

bool authenticate(Call& call, std::string_view user, std::string_view password) {
    const std::string& secret = call.hub.parameters.options().password;
    const bool good = user == "default" && (secret.empty() || same_secret(password, secret));
    if (good) {
        call.client.authenticated = true;
    } else {
        call.reply.error("WRONGPASS invalid username-password pair or user is disabled.");
    }
    return good;
}

void auth(Call& call) {
    if (call.size() > 3) {
        call.syntax_error();
    } else if (call.size() == 2 && call.hub.parameters.options().password.empty()) {
        call.reply.error("ERR AUTH <password> called without any password configured for the "
                         "default user. Are you sure your configuration is correct?");
    } else if (authenticate(call, call.size() == 3 ? call.arg(1) : "default", call.args.back())) {
        call.reply.ok();
    }
}

void tell_server(Call& call) {
    call.reply.map(7);
    call.reply.bulk("server");
    call.reply.bulk("redis");
    call.reply.bulk("version");
    call.reply.bulk(redis_version);
    call.reply.bulk("proto");
    call.reply.integer(call.reply.protocol());
    call.reply.bulk("id");
    call.reply.integer(static_cast<std::int64_t>(call.client.id));
    call.reply.bulk("mode");
    call.reply.bulk("standalone");
    call.reply.bulk("role");
    call.reply.bulk("master");
    call.reply.bulk("modules");
    call.reply.array(0);
}

// HELLO [version [AUTH user password] [SETNAME name]]: all of it, or nothing.
void hello(Call& call) {
    int protocol = call.client.protocol;
    std::optional<std::string_view> name;
    std::size_t auth_at = 0;
    if (call.size() > 1) {
        const auto version = whole_number(call.arg(1));
        if (!version) {
            call.reply.error("ERR Protocol version is not an integer or out of range");
            return;
        }
        if (*version < 2 || *version > 3) {
            call.reply.error("NOPROTO unsupported protocol version");
            return;
        }
        protocol = static_cast<int>(*version);
    }
    for (std::size_t at = 2; at < call.size(); ++at) {
        if (call.is(at, "auth") && at + 2 < call.size()) {
            auth_at = at + 1;
            at += 2;
        } else if (call.is(at, "setname") && at + 1 < call.size()) {
            name = call.arg(++at);
        } else {
            call.reply.error(
                std::string("ERR Syntax error in HELLO option '").append(call.arg(at)) + "'");
            return;
        }
    }
    if (auth_at != 0 && !authenticate(call, call.arg(auth_at), call.arg(auth_at + 1))) {
        return;
    }
    if (!call.client.authenticated && !call.hub.parameters.options().password.empty()) {
        call.reply.error(
            "NOAUTH HELLO must be called with the client already authenticated, otherwise the "
            "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and "
            "select the RESP protocol version at the same time");
        return;
    }
    if (name && !set_client_name(call, *name)) {
        return;
    }
    call.client.protocol = protocol;
    call.reply.speak(protocol);
    tell_server(call);
}

void select(Call& call) {
    const auto number = call.integer(1);
    if (!number) {
        return;
    }
    if (*number < 0 || *number >= databases) {
        call.reply.error("ERR DB index is out of range");
        return;
    }
    const auto space = space_of_database(call.keys.store(), static_cast<int>(*number));
    if (!space) {
        call.reply.error("ERR no namespace is left for another database");
        return;
    }
    call.client.database = static_cast<int>(*number);
    call.client.space = *space;
    call.reply.ok();
}

void quit(Call& call) {
    call.client.closing = true;
    call.reply.ok();
}

void reset(Call& call) {
    Client& client = call.client;
    client.end_multi();
    call.hub.watches.forget(client);
    call.hub.channels.forget(client);
    client.protocol = 2;
    client.replies = Replies::on;
    client.database = 0;
    client.space = 0;
    client.name.clear();
    client.no_evict = false;
    client.authenticated = call.hub.parameters.options().password.empty();
    call.reply.speak(2);
    call.reply.simple("RESET");
}

constexpr Flags anywhere = loading | stale | fast;

constexpr Command connection_table[] = {
    entry("ping", -1, fast | subscribed, no_keys, ping, Group::connection, "1.0.0", "[message]",
          "Ping the server"),
    entry("echo", 2, anywhere, no_keys, echo, Group::connection, "1.0.0", "message",
          "Echo the given string"),
    entry("auth", -2, anywhere | no_auth, no_keys, auth, Group::connection, "1.0.0",
          "[username] password", "Authenticate to the server"),
    entry("hello", -1, anywhere | no_auth, no_keys, hello, Group::connection, "6.0.0",
          "[protover [AUTH username password] [SETNAME clientname]]", "Handshake with Redis"),
    entry("select", 2, anywhere, no_keys, select, Group::connection, "1.0.0", "index",
          "Change the selected database for the current connection"),
    entry("quit", -1, anywhere | no_auth | no_multi | subscribed, no_keys, quit, Group::connection,
          "1.0.0", "", "Close the connection"),
    entry("reset", 1, anywhere | no_auth | no_multi | subscribed, no_keys, reset, Group::connection,
          "6.2.0", "", "Reset the connection"),
};

} // namespace

std::span<const Command> connection_commands() noexcept {
    return connection_table;
}

} // namespace cache::resp
