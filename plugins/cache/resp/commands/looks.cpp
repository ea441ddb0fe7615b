// What a database holds.
#include <algorithm>

#include "../../bus/glob.hpp"
#include "../number.hpp"
#include "scan.hpp"

namespace cache::resp {

namespace {

template <class Visit> // void(const Shown&)
void for_each_key(const Keyspace& keys, Visit&& visit) {
    std::uint64_t cursor = 0;
    do {
        cursor = keys.store().scan(keys.space(), cursor, keys.now(), visit);
    } while (cursor != 0);
}

void keys(Call& call) {
    std::vector<std::string_view> found;
    for_each_key(call.keys, [&](const Shown& shown) {
        if (call.arg(1) == "*" || matches(call.arg(1), shown.key)) {
            found.push_back(shown.key);
        }
    });
    // Nothing changes in between, and yet a round may show a key twice.
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    call.reply.array(found.size());
    for (const std::string_view key : found) {
        call.reply.bulk(key);
    }
}

void scan(Call& call) {
    const auto cursor = scan_cursor(call, 1);
    ScanWords words;
    if (!cursor || !read_scan_words(call, 2, true, words)) {
        return;
    }
    std::vector<std::string> found;
    std::uint64_t at = *cursor;
    std::int64_t looked_at = 0;
    std::int64_t steps = 0;
    do {
        at =
            call.keys.store().scan(call.keys.space(), at, call.keys.now(), [&](const Shown& shown) {
                ++looked_at;
                if (words.covers(shown.key) &&
                    (words.type.empty() || words.type == name_of(kind_of(shown.value.type)))) {
                    found.emplace_back(shown.key);
                }
            });
    } while (at != 0 && looked_at < words.count && ++steps < words.count * 10);
    call.reply.array(2);
    call.reply.bulk(std::to_string(at));
    call.reply.array(found.size());
    for (const std::string& key : found) {
        call.reply.bulk(key);
    }
}

void randomkey(Call& call) {
    const Keyspace& keys = call.keys;
    auto key = keys.store().random_key(keys.space(), call.hub.random(), keys.now());
    if (!key && keys.store().entries(keys.space()) > 0) { // few among many of others
        for_each_key(keys, [&](const Shown& shown) { key = shown.key; });
    }
    if (key) {
        call.reply.bulk(*key);
    } else {
        call.reply.null();
    }
}

void dbsize(Call& call) {
    call.reply.integer(static_cast<std::int64_t>(call.keys.store().entries(call.keys.space())));
}

bool is_flush(Call& call) {
    if (call.size() > 2 || (call.size() == 2 && !call.is(1, "async") && !call.is(1, "sync"))) {
        call.syntax_error();
        return false;
    }
    return true;
}

void flushdb(Call& call) {
    if (is_flush(call)) {
        call.keys.flush();
        call.reply.ok();
    }
}

// All databases; namespaces that only the bus has are not among them.
void flushall(Call& call) {
    if (!is_flush(call)) {
        return;
    }
    for (int database = 0; database < databases; ++database) {
        const std::string name = database == 0 ? "default" : "db" + std::to_string(database);
        if (const auto space = call.keys.store().space(name)) {
            call.keys.other(*space, database).flush();
        }
    }
    call.reply.ok();
}

constexpr std::size_t longest_embedded = 44; // a string that Redis keeps beside its head

std::string_view encoding_of(const Value& value) noexcept {
    if (kind_of(value.type) != Kind::string) {
        return "listpack";
    }
    return whole_number(value.bytes)                ? "int"
           : value.bytes.size() <= longest_embedded ? "embstr"
                                                    : "raw";
}

void object(Call& call) {
    if (call.is(1, "help")) {
        call.help({"OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                   "ENCODING <key>", "    Return the kind of internal representation.",
                   "FREQ <key>", "    An error: frequencies are not kept by key.", "IDLETIME <key>",
                   "    An error: times of use are not kept.", "REFCOUNT <key>",
                   "    Return the number of references: 1.", "HELP", "    Print this help."});
        return;
    }
    const bool encoding = call.is(1, "encoding");
    const bool frequency = call.is(1, "freq");
    const bool idle_time = call.is(1, "idletime");
    if (!encoding && !frequency && !idle_time && !call.is(1, "refcount")) {
        call.unknown_subcommand();
        return;
    }
    if (call.size() != 3) {
        call.wrong_subcommand_arity();
        return;
    }
    const auto value = call.keys.find(call.arg(2));
    if (!value) {
        call.reply.null();
    } else if (encoding) {
        call.reply.bulk(encoding_of(*value));
    } else if (frequency) {
        call.reply.error("ERR frequencies are not kept by key: noactl call cache hot_keys");
    } else if (idle_time) {
        call.reply.error("ERR An LFU maxmemory policy is selected, idle time not tracked. Please "
                         "note that when switching between policies at runtime LRU and LFU data "
                         "will take some time to adjust.");
    } else {
        call.reply.integer(1);
    }
}

void memory(Call& call) {
    if (call.is(1, "help")) {
        call.help({"MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
                   "USAGE <key> [SAMPLES <count>]",
                   "    Return memory in bytes used by <key> and its value.", "HELP",
                   "    Print this help."});
        return;
    }
    if (!call.is(1, "usage")) {
        call.unknown_subcommand();
        return;
    }
    const bool samples = call.size() == 5 && call.is(3, "samples");
    if (call.size() != 3 && !samples) {
        call.syntax_error();
        return;
    }
    if (samples && !call.integer(4)) {
        return;
    }
    const std::uint64_t bytes = call.keys.bytes_of(call.arg(2));
    if (bytes == 0) {
        call.reply.null();
    } else {
        call.reply.integer(static_cast<std::int64_t>(bytes));
    }
}

constexpr Command look_table[] = {
    entry("keys", 2, reads | dangerous, no_keys, keys, Group::generic, "1.0.0", "pattern",
          "Find all keys matching the given pattern"),
    entry("scan", -2, reads, no_keys, scan, Group::generic, "2.8.0",
          "cursor [MATCH pattern] [COUNT count] [TYPE type]",
          "Incrementally iterate the keys space"),
    entry("randomkey", 1, reads, no_keys, randomkey, Group::generic, "1.0.0", "",
          "Return a random key from the keyspace"),
    entry("dbsize", 1, reads | fast, no_keys, dbsize, Group::server, "1.0.0", "",
          "Return the number of keys in the selected database"),
    entry("flushdb", -1, writes | dangerous, no_keys, flushdb, Group::server, "1.0.0",
          "[ASYNC | SYNC]", "Remove all keys from the current database"),
    entry("flushall", -1, writes | dangerous, no_keys, flushall, Group::server, "1.0.0",
          "[ASYNC | SYNC]", "Remove all keys from all databases"),
    entry("object", -2, container | reads, second_is_key, object, Group::generic, "2.2.3",
          "ENCODING key", "Inspect the internal encoding of a key"),
    entry("memory", -2, container | reads, second_is_key, memory, Group::server, "4.0.0",
          "USAGE key [SAMPLES count]", "Estimate the memory usage of a key"),
};

} // namespace

std::span<const Command> look_commands() noexcept {
    return look_table;
}

} // namespace cache::resp
