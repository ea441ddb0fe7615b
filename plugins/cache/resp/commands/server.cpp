#include <algorithm>

#include "server_facts.hpp"

namespace cache::resp {

namespace {

void server_info(Call& call) {
    call.reply.verbatim(describe_server(call, call.args.subspan(1)));
}

void time(Call& call) {
    const std::int64_t ms = call.hub.clock.wall_ms();
    call.reply.array(2);
    call.reply.bulk_number(ms / 1000);
    call.reply.bulk_number(ms % 1000 * 1000);
}

void role(Call& call) {
    call.reply.array(3);
    call.reply.bulk("master");
    call.reply.integer(0);
    call.reply.array(0);
}

void config_get(Call& call) {
    std::map<std::string, std::string> found;
    for (const std::string_view pattern : call.args.subspan(2)) {
        found.merge(call.hub.parameters.matching(pattern));
    }
    call.reply.map(found.size());
    for (const auto& [name, value] : found) {
        call.reply.bulk(name);
        call.reply.bulk(value);
    }
}

// All, or none.
void config_set(Call& call) {
    if (call.size() % 2 != 0) {
        call.wrong_subcommand_arity();
        return;
    }
    for (std::size_t at = 2; at < call.size(); at += 2) {
        const std::string name(call.arg(at).substr(0, 128));
        switch (call.hub.parameters.check(name, call.arg(at + 1))) {
        case Parameters::Outcome::unknown:
            call.reply.error("ERR Unknown option or number of arguments for CONFIG SET - '" + name +
                             "'");
            return;
        case Parameters::Outcome::fixed:
            call.reply.error("ERR CONFIG SET failed (possibly related to argument '" + name +
                             "') - can't set immutable config");
            return;
        case Parameters::Outcome::invalid:
            call.reply.error("ERR CONFIG SET failed (possibly related to argument '" + name +
                             "') - argument couldn't be parsed into an integer");
            return;
        case Parameters::Outcome::done: break;
        }
    }
    for (std::size_t at = 2; at < call.size(); at += 2) {
        call.hub.parameters.set(call.arg(at), call.arg(at + 1));
    }
    call.reply.ok();
}

// The store's figures are those of the bus, too, and stay.
void config_resetstat(Call& call) {
    std::fill(call.hub.calls.begin(), call.hub.calls.end(), 0);
    call.reply.ok();
}

void config(Call& call) {
    if (call.is(1, "get") && call.size() >= 3) {
        config_get(call);
    } else if (call.is(1, "set") && call.size() >= 4) {
        config_set(call);
    } else if (call.is(1, "resetstat") && call.size() == 2) {
        config_resetstat(call);
    } else if (call.is(1, "get") || call.is(1, "set") || call.is(1, "resetstat")) {
        call.wrong_subcommand_arity();
    } else if (call.is(1, "help")) {
        call.help({"CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                   "GET <pattern>", "    Return parameters matching the glob-like <pattern>.",
                   "SET <directive> <value>", "    Set the configuration <directive> to <value>.",
                   "RESETSTAT", "    Reset the numbers of calls reported by the INFO command.",
                   "HELP", "    Print this help."});
    } else {
        call.unknown_subcommand();
    }
}

// There are no slow logs, no latency monitor and no functions: nothing is in them.
void slowlog(Call& call) {
    if (call.is(1, "get") && call.size() <= 3) {
        call.reply.array(0);
    } else if (call.is(1, "len") && call.size() == 2) {
        call.reply.integer(0);
    } else if (call.is(1, "reset") && call.size() == 2) {
        call.reply.ok();
    } else {
        call.unknown_subcommand();
    }
}

void latency(Call& call) {
    if (call.is(1, "latest") || call.is(1, "history")) {
        call.reply.array(0);
    } else if (call.is(1, "reset")) {
        call.reply.integer(0);
    } else {
        call.unknown_subcommand();
    }
}

void function(Call& call) {
    if (call.is(1, "flush") && call.size() <= 3) {
        call.reply.ok();
    } else if (call.is(1, "list")) {
        call.reply.array(0);
    } else {
        call.unknown_subcommand();
    }
}

constexpr Flags looks = loading | stale;

constexpr Command server_table[] = {
    entry("info", -1, looks | dangerous, no_keys, server_info, Group::server, "1.0.0",
          "[section [section ...]]", "Get information and statistics about the server"),
    entry("time", 1, looks | fast, no_keys, time, Group::server, "2.6.0", "",
          "Return the current server time"),
    entry("role", 1, looks | fast, no_keys, role, Group::server, "2.8.12", "",
          "Return the role of the instance in the context of replication"),
    entry("config", -2, container | admin | looks, no_keys, config, Group::server, "2.0.0",
          "GET parameter [parameter ...] | SET parameter value | RESETSTAT",
          "A container for server configuration commands"),
    entry("slowlog", -2, container | admin | looks, no_keys, slowlog, Group::server, "2.2.12",
          "GET [count]", "A container for slow log commands"),
    entry("latency", -2, container | admin | looks, no_keys, latency, Group::server, "2.8.13",
          "LATEST", "A container for latency diagnostics commands"),
    entry("function", -2, container | writes, no_keys, function, Group::server, "7.0.0", "FLUSH",
          "A container for function commands"),
};

} // namespace

std::span<const Command> server_commands() noexcept {
    return server_table;
}

} // namespace cache::resp
