#include <array>
#include <cstring>

#include "../number.hpp"
#include "ends.hpp"

namespace cache::resp {

namespace {

void del(Call& call) {
    std::int64_t count = 0;
    for (const std::string_view key : call.args.subspan(1)) {
        count += call.keys.erase(key) ? 1 : 0;
    }
    call.reply.integer(count);
}

void exists(Call& call) {
    std::int64_t count = 0;
    for (const std::string_view key : call.args.subspan(1)) {
        count += call.keys.find(key) ? 1 : 0;
    }
    call.reply.integer(count);
}

void touch(Call& call) {
    std::int64_t count = 0;
    for (const std::string_view key : call.args.subspan(1)) {
        count += call.keys.get(key) ? 1 : 0;
    }
    call.reply.integer(count);
}

void type(Call& call) {
    const auto value = call.keys.find(call.arg(1));
    call.reply.simple(value ? name_of(kind_of(value->type)) : "none");
}

// False, and the client has been told, when it was not taken.
bool put_copy(Call& call, Keyspace& to, std::string_view key, const Value& value) {
    const std::string bytes(value.bytes);
    const Stored outcome = to.set(key, bytes, {.type = value.type, .end = value.end});
    if (outcome != Stored::yes) {
        call.reply.error(outcome == Stored::too_large ? words::too_large : words::no_room);
    }
    return outcome == Stored::yes;
}

// Whether it was renamed; nothing, and the client has been told, for a failure.
std::optional<bool> rename_to(Call& call, bool only_if_absent) {
    const auto value = call.keys.find(call.arg(1));
    if (!value) {
        call.reply.error(words::no_key);
        return std::nullopt;
    }
    if (call.arg(1) == call.arg(2)) {
        return !only_if_absent;
    }
    if (only_if_absent && call.keys.find(call.arg(2))) {
        return false;
    }
    if (!put_copy(call, call.keys, call.arg(2), *value)) {
        return std::nullopt;
    }
    call.keys.erase(call.arg(1));
    return true;
}

void rename(Call& call) {
    if (rename_to(call, false)) {
        call.reply.ok();
    }
}

void renamenx(Call& call) {
    if (const auto renamed = rename_to(call, true)) {
        call.reply.integer(*renamed ? 1 : 0);
    }
}

// After COPY: the database, and whether what is there is replaced.
struct CopyWords {
    int database;
    bool replace = false;
};

bool read_copy_words(Call& call, CopyWords& words) {
    for (std::size_t at = 3; at < call.size(); ++at) {
        if (call.is(at, "replace")) {
            words.replace = true;
        } else if (call.is(at, "db") && at + 1 < call.size()) {
            const auto number = call.integer(++at, "ERR value is not an integer or out of range");
            if (!number) {
                return false;
            }
            if (*number < 0 || *number >= databases) {
                call.reply.error("ERR DB index is out of range");
                return false;
            }
            words.database = static_cast<int>(*number);
        } else {
            call.syntax_error();
            return false;
        }
    }
    return true;
}

void copy(Call& call) {
    CopyWords words{call.keys.database()};
    if (!read_copy_words(call, words)) {
        return;
    }
    if (words.database == call.keys.database() && call.arg(1) == call.arg(2)) {
        call.reply.error("ERR source and destination objects are the same");
        return;
    }
    const auto space = space_of_database(call.keys.store(), words.database);
    if (!space) {
        call.reply.error(words::no_room);
        return;
    }
    Keyspace to = call.keys.other(*space, words.database);
    const auto value = call.keys.find(call.arg(1));
    if (!value || (!words.replace && to.find(call.arg(2)))) {
        call.reply.integer(0);
    } else if (put_copy(call, to, call.arg(2), *value)) {
        call.reply.integer(1);
    }
}

// DUMP: type, bytes; then version (2 bytes) and a sum of all before (8), as Redis ends its own.
constexpr std::string_view dump_version{"\x01\x80", 2}; // no version of Redis
constexpr std::size_t dump_foot = 10;

std::uint64_t dump_sum(std::string_view bytes) noexcept {
    std::uint64_t sum = 14'695'981'039'346'656'037U; // FNV-1a
    for (const char byte : bytes) {
        sum = (sum ^ static_cast<std::uint8_t>(byte)) * 1'099'511'628'211U;
    }
    return sum;
}

void dump(Call& call) {
    const auto value = call.keys.get(call.arg(1));
    if (!value) {
        call.reply.null();
        return;
    }
    std::string out(1, static_cast<char>(value->type));
    out.append(value->bytes).append(dump_version);
    const std::uint64_t sum = dump_sum(out);
    out.append(reinterpret_cast<const char*>(&sum), sizeof sum);
    call.reply.bulk(out);
}

bool is_dump(std::string_view text) noexcept {
    std::uint64_t sum = 0;
    if (text.size() < dump_foot + 1 || static_cast<std::uint8_t>(text.front()) > 4 ||
        text.substr(text.size() - dump_foot, dump_version.size()) != dump_version) {
        return false;
    }
    std::memcpy(&sum, text.data() + text.size() - sizeof sum, sizeof sum);
    return sum == dump_sum(text.substr(0, text.size() - sizeof sum));
}

// After RESTORE: FREQ and IDLETIME are taken, and mean nothing.
struct RestoreWords {
    bool replace = false;
    bool absolute = false;
};

bool read_restore_words(Call& call, RestoreWords& words) {
    for (std::size_t at = 4; at < call.size(); ++at) {
        if (call.is(at, "replace")) {
            words.replace = true;
        } else if (call.is(at, "absttl")) {
            words.absolute = true;
        } else if ((call.is(at, "freq") || call.is(at, "idletime")) && at + 1 < call.size()) {
            if (!call.integer(++at)) {
                return false;
            }
        } else {
            call.syntax_error();
            return false;
        }
    }
    return true;
}

void restore(Call& call) {
    RestoreWords words;
    if (!read_restore_words(call, words)) {
        return;
    }
    if (!words.replace && call.keys.find(call.arg(1))) {
        call.reply.error("BUSYKEY Target key name already exists.");
        return;
    }
    const auto ttl = call.integer(2);
    if (!ttl) {
        return;
    }
    const std::string_view text = call.arg(3);
    if (*ttl < 0 || !is_dump(text)) {
        call.reply.error(*ttl < 0 ? "ERR Invalid TTL value, must be >= 0"
                                  : "ERR DUMP payload version or checksum are wrong");
        return;
    }
    SetOptions options{.type = static_cast<Type>(text.front())};
    if (*ttl > 0) {
        const auto end =
            wall_end(call.hub.clock, *ttl, words.absolute ? at_milliseconds : in_milliseconds);
        if (!end) {
            invalid_end(call);
            return;
        }
        options.end = call.hub.clock.from_wall_ms(*end);
    }
    if (call.store(call.arg(1), text.substr(1, text.size() - 1 - dump_foot), options)) {
        call.reply.ok();
    }
}

constexpr Command key_table[] = {
    entry("del", -2, writes, all_keys, del, Group::generic, "1.0.0", "key [key ...]",
          "Delete a key"),
    entry("unlink", -2, writes | fast, all_keys, del, Group::generic, "4.0.0", "key [key ...]",
          "Delete a key"),
    entry("exists", -2, reads | fast, all_keys, exists, Group::generic, "1.0.0", "key [key ...]",
          "Determine if a key exists"),
    entry("touch", -2, reads | fast, all_keys, touch, Group::generic, "3.2.1", "key [key ...]",
          "Alters the last access time of a key(s). Returns the number of existing keys specified"),
    entry("type", 2, reads | fast, one_key, type, Group::generic, "1.0.0", "key",
          "Determine the type stored at key"),
    entry("rename", 3, writes, two_keys, rename, Group::generic, "1.0.0", "key newkey",
          "Rename a key"),
    entry("renamenx", 3, writes | fast, two_keys, renamenx, Group::generic, "1.0.0", "key newkey",
          "Rename a key, only if the new key does not exist"),
    entry("copy", -3, writes | denies_oom, two_keys, copy, Group::generic, "6.2.0",
          "source destination [DB destination-db] [REPLACE]", "Copy a key"),
    entry("dump", 2, reads, one_key, dump, Group::generic, "2.6.0", "key",
          "Return a serialized version of the value stored at the specified key"),
    entry("restore", -4, writes | denies_oom | dangerous, one_key, restore, Group::generic, "2.6.0",
          "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
          "Create a key using the provided serialized value, previously obtained using DUMP"),
};

} // namespace

std::span<const Command> key_commands() noexcept {
    return key_table;
}

} // namespace cache::resp
