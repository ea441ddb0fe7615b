#include "../execute.hpp"

namespace cache::resp {

namespace {

void multi(Call& call) {
    if (call.client.in_multi) {
        call.reply.error("ERR MULTI calls can not be nested");
        return;
    }
    call.client.in_multi = true;
    call.reply.ok();
}

void end(Call& call) {
    call.client.end_multi();
    call.hub.watches.forget(call.client);
}

void discard(Call& call) {
    if (!call.client.in_multi) {
        call.reply.error("ERR DISCARD without MULTI");
        return;
    }
    end(call);
    call.reply.ok();
}

bool all_hold(Call& call) {
    for (const WatchedKey& watched : call.client.watched) {
        const auto space = space_of_database(call.keys.store(), watched.database);
        if (!space || !call.keys.other(*space, watched.database).holds(watched)) {
            return false;
        }
    }
    return true;
}

void exec(Call& call) {
    Client& client = call.client;
    if (!client.in_multi) {
        call.reply.error("ERR EXEC without MULTI");
        return;
    }
    if (client.multi_failed) {
        end(call);
        call.reply.error("EXECABORT Transaction discarded because of previous errors.");
        return;
    }
    if (!all_hold(call)) {
        end(call);
        call.reply.null_array();
        return;
    }
    const std::vector<QueuedArgs> queued = std::move(client.queued);
    end(call);
    call.reply.array(queued.size());
    std::vector<std::string_view> args;
    for (const QueuedArgs& texts : queued) {
        args.assign(texts.begin(), texts.end());
        run_command(call.hub, call.keys.store(), client, call.reply, args);
    }
}

void watch(Call& call) {
    if (call.client.in_multi) {
        call.reply.error("ERR WATCH inside MULTI is not allowed");
        return;
    }
    for (const std::string_view key : call.args.subspan(1)) {
        if (call.client.watched.size() >= most_watched) {
            call.reply.error("ERR too many keys are watched");
            return;
        }
        call.hub.watches.add(call.client, key, call.keys.fingerprint(key));
    }
    call.reply.ok();
}

void unwatch(Call& call) {
    call.hub.watches.forget(call.client);
    call.reply.ok();
}

constexpr Command transaction_table[] = {
    entry("multi", 1, loading | stale | fast | no_multi, no_keys, multi, Group::transactions,
          "1.2.0", "", "Mark the start of a transaction block"),
    entry("exec", 1, loading | stale | no_multi, no_keys, exec, Group::transactions, "1.2.0", "",
          "Execute all commands issued after MULTI"),
    entry("discard", 1, loading | stale | fast | no_multi, no_keys, discard, Group::transactions,
          "2.0.0", "", "Discard all commands issued after MULTI"),
    entry("watch", -2, loading | stale | fast | no_multi, all_keys, watch, Group::transactions,
          "2.2.0", "key [key ...]",
          "Watch the given keys to determine execution of the MULTI/EXEC block"),
    entry("unwatch", 1, loading | stale | fast, no_keys, unwatch, Group::transactions, "2.2.0", "",
          "Forget about all watched keys"),
};

} // namespace

std::span<const Command> transaction_commands() noexcept {
    return transaction_table;
}

} // namespace cache::resp
