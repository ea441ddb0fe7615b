#include <algorithm>

#include "../number.hpp"
#include "server_facts.hpp"

namespace cache::resp {

namespace {

bool is_printable(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(),
                       [](char letter) { return letter > ' ' && letter <= '~'; });
}

std::string flags_of(const Client& client) {
    std::string flags;
    flags += client.subscriptions() > 0 ? "P" : "";
    flags += client.in_multi ? "x" : "";
    flags += client.closing ? "c" : "";
    flags += client.local ? "U" : "";
    flags += client.no_evict ? "e" : "";
    return flags.empty() ? "N" : flags;
}

} // namespace

std::string describe_client(const Client& client, const Clock& clock) {
    const auto seconds = [&](Instant since) {
        return std::to_string((clock.now() - since).count() / 1000);
    };
    std::string out = "id=" + std::to_string(client.id);
    out += " addr=" + client.address + " laddr=" + client.local_address;
    out += " fd=" + std::to_string(client.fd.get()) + " name=" + client.name;
    out += " age=" + seconds(client.since) + " idle=" + seconds(client.last);
    out += " flags=" + flags_of(client) + " db=" + std::to_string(client.database);
    out += " sub=" + std::to_string(client.channels.size());
    out += " psub=" + std::to_string(client.patterns.size()) + " ssub=0";
    out += " multi=" + (client.in_multi ? std::to_string(client.queued.size()) : "-1");
    out += " qbuf=" + std::to_string(client.input.size());
    out += " qbuf-free=" + std::to_string(client.input.capacity() - client.input.size());
    out += " argv-mem=0 multi-mem=" + std::to_string(client.queued_bytes);
    out += " rbs=0 rbp=0 obl=0 oll=0 omem=" + std::to_string(client.pending());
    out += " tot-mem=" + std::to_string(sizeof(Client) + client.held() + client.queued_bytes);
    out += std::string(" events=") + (client.waits_to_write ? "rw" : "r");
    out += " cmd=";
    out += client.last_command.empty() ? "NULL" : client.last_command;
    out += client.last_subcommand.empty() ? "" : "|" + client.last_subcommand;
    out += " user=default redir=-1 resp=" + std::to_string(client.protocol);
    return out;
}

bool set_client_name(Call& call, std::string_view name) {
    if (!is_printable(name) || name.size() > 1024) {
        call.reply.error("ERR Client names cannot contain spaces, newlines or special characters.");
        return false;
    }
    call.client.name = name;
    return true;
}

namespace {

using Subcommand = void (*)(Call&);

void client_id(Call& call) {
    call.reply.integer(static_cast<std::int64_t>(call.client.id));
}

void client_info(Call& call) {
    call.reply.verbatim(describe_client(call.client, call.hub.clock) + "\n");
}

// After LIST and KILL: which clients are meant.
struct Chosen {
    std::optional<std::vector<std::uint64_t>> ids;
    std::optional<std::string_view> address;
    std::optional<std::string_view> local_address;
    std::string type;
    bool skip_me = false;

    [[nodiscard]] bool covers(const Client& client) const {
        const std::string_view kind = client.subscriptions() > 0 ? "pubsub" : "normal";
        return (!ids || std::find(ids->begin(), ids->end(), client.id) != ids->end()) &&
               (!address || *address == client.address) &&
               (!local_address || *local_address == client.local_address) &&
               (type.empty() || type == kind);
    }
};

bool read_type(Call& call, std::size_t at, Chosen& chosen) {
    chosen.type = lower_case(call.arg(at));
    if (chosen.type != "normal" && chosen.type != "pubsub" && chosen.type != "master" &&
        chosen.type != "replica" && chosen.type != "slave") {
        call.reply.error(std::string("ERR Unknown client type '").append(call.arg(at)).append("'"));
        return false;
    }
    return true;
}

bool read_ids(Call& call, std::size_t from, std::size_t to, Chosen& chosen) {
    chosen.ids.emplace();
    for (std::size_t at = from; at < to; ++at) {
        const auto number = whole_number(call.arg(at));
        if (!number || *number < 1) {
            call.reply.error("ERR Invalid client ID");
            return false;
        }
        chosen.ids->push_back(static_cast<std::uint64_t>(*number));
    }
    return true;
}

void client_list(Call& call) {
    Chosen chosen;
    if (call.size() == 4 && call.is(2, "type")) {
        if (!read_type(call, 3, chosen)) {
            return;
        }
    } else if (call.size() > 3 && call.is(2, "id")) {
        if (!read_ids(call, 3, call.size(), chosen)) {
            return;
        }
    } else if (call.size() != 2) {
        call.syntax_error();
        return;
    }
    std::string out;
    for (const auto& [number, client] : call.hub.clients) {
        if (!client->dead && chosen.covers(*client)) {
            out += describe_client(*client, call.hub.clock) + "\n";
        }
    }
    call.reply.verbatim(out);
}

bool read_kill_words(Call& call, Chosen& chosen) {
    chosen.skip_me = true;
    for (std::size_t at = 2; at < call.size(); at += 2) {
        if (at + 1 == call.size()) {
            call.syntax_error();
            return false;
        }
        if (call.is(at, "id")) {
            if (!read_ids(call, at + 1, at + 2, chosen)) {
                return false;
            }
        } else if (call.is(at, "addr")) {
            chosen.address = call.arg(at + 1);
        } else if (call.is(at, "laddr")) {
            chosen.local_address = call.arg(at + 1);
        } else if (call.is(at, "type")) {
            if (!read_type(call, at + 1, chosen)) {
                return false;
            }
        } else if (call.is(at, "skipme") && (call.is(at + 1, "yes") || call.is(at + 1, "no"))) {
            chosen.skip_me = call.is(at + 1, "yes");
        } else {
            call.syntax_error();
            return false;
        }
    }
    return true;
}

void client_kill(Call& call) {
    Chosen chosen;
    const bool by_address = call.size() == 3;
    if (by_address) {
        chosen.address = call.arg(2);
    } else if (call.size() == 2 || !read_kill_words(call, chosen)) {
        if (call.size() == 2) {
            call.wrong_subcommand_arity();
        }
        return;
    }
    std::int64_t killed = 0;
    for (const auto& [number, client] : call.hub.clients) {
        const bool me = client.get() == &call.client;
        if (client->dead || !chosen.covers(*client) || (me && chosen.skip_me)) {
            continue;
        }
        ++killed;
        if (me) {
            client->closing = true; // when it has been told
        } else {
            client->dead = true;
            call.hub.flush_later(*client);
        }
    }
    if (!by_address) {
        call.reply.integer(killed);
    } else if (killed > 0) {
        call.reply.ok();
    } else {
        call.reply.error("ERR No such client");
    }
}

void client_setname(Call& call) {
    if (set_client_name(call, call.arg(2))) {
        call.reply.ok();
    }
}

void client_getname(Call& call) {
    if (call.client.name.empty()) {
        call.reply.null();
    } else {
        call.reply.bulk(call.client.name);
    }
}

void client_setinfo(Call& call) {
    const bool library = call.is(2, "lib-name");
    if (!library && !call.is(2, "lib-ver")) {
        call.reply.error(std::string("ERR Unrecognized option '").append(call.arg(2)).append("'"));
    } else if (!is_printable(call.arg(3)) || call.arg(3).size() > 1024) {
        call.reply.error(std::string("ERR ")
                             .append(library ? "lib-name" : "lib-ver")
                             .append(" cannot contain spaces, newlines or special characters."));
    } else {
        (library ? call.client.library : call.client.library_version) = call.arg(3);
        call.reply.ok();
    }
}

void client_reply(Call& call) {
    if (call.is(2, "on")) {
        call.client.replies = Replies::on;
        call.reply.ok();
    } else if (call.is(2, "off")) {
        call.client.replies = Replies::off;
    } else if (call.is(2, "skip")) {
        if (call.client.replies != Replies::off) {
            call.client.replies = Replies::skip_next;
        }
    } else {
        call.syntax_error();
    }
}

void client_no_evict(Call& call) {
    if (!call.is(2, "on") && !call.is(2, "off")) {
        call.syntax_error();
        return;
    }
    call.client.no_evict = call.is(2, "on");
    call.reply.ok();
}

void client_tracking(Call& call) {
    if (call.is(2, "off")) {
        call.reply.ok();
    } else {
        call.reply.error("ERR client side caching is not supported here");
    }
}

void client_getredir(Call& call) {
    call.reply.integer(-1);
}

void client_help(Call& call) {
    call.help({"CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:", "GETNAME",
               "GETREDIR", "ID", "INFO", "KILL <option> ...", "LIST [options ...]",
               "NO-EVICT (ON|OFF)", "REPLY (ON|OFF|SKIP)", "SETINFO <option> <value>",
               "SETNAME <name>", "TRACKING OFF", "HELP"});
}

struct Entry {
    std::string_view name;
    int arity; // as of commands
    Subcommand run;
};

constexpr Entry subcommands[] = {
    {"id", 2, client_id},
    {"info", 2, client_info},
    {"list", -2, client_list},
    {"kill", -2, client_kill},
    {"setname", 3, client_setname},
    {"getname", 2, client_getname},
    {"setinfo", 4, client_setinfo},
    {"reply", 3, client_reply},
    {"no-evict", 3, client_no_evict},
    {"getredir", 2, client_getredir},
    {"tracking", -3, client_tracking},
    {"help", 2, client_help},
};

void client(Call& call) {
    for (const Entry& entry : subcommands) {
        if (call.is(1, entry.name)) {
            const auto count = static_cast<int>(call.size());
            if (entry.arity >= 0 ? count == entry.arity : count >= -entry.arity) {
                entry.run(call);
            } else {
                call.wrong_subcommand_arity();
            }
            return;
        }
    }
    call.unknown_subcommand();
}

constexpr Command client_table[] = {
    entry("client", -2, container | admin | loading | stale, no_keys, client, Group::connection,
          "2.4.0", "ID | INFO | LIST | KILL | SETNAME name | GETNAME | REPLY ON|OFF|SKIP",
          "A container for client connection commands"),
};

} // namespace

std::span<const Command> client_commands() noexcept {
    return client_table;
}

} // namespace cache::resp
