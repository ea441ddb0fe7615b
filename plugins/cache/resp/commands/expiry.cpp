#include "ends.hpp"

namespace cache::resp {

namespace {

struct ExpireWords {
    bool absent = false;
    bool present = false;
    bool later = false;
    bool earlier = false;
};

bool read_expire_words(Call& call, ExpireWords& words) {
    for (std::size_t at = 3; at < call.size(); ++at) {
        if (call.is(at, "nx")) {
            words.absent = true;
        } else if (call.is(at, "xx")) {
            words.present = true;
        } else if (call.is(at, "gt")) {
            words.later = true;
        } else if (call.is(at, "lt")) {
            words.earlier = true;
        } else {
            call.reply.error(std::string("ERR Unsupported option ").append(call.arg(at)));
            return false;
        }
    }
    if (words.absent && (words.present || words.later || words.earlier)) {
        call.reply.error("ERR NX and XX, GT or LT options at the same time are not compatible");
        return false;
    }
    if (words.later && words.earlier) {
        call.reply.error("ERR GT and LT options at the same time are not compatible");
        return false;
    }
    return true;
}

// Without an end counts as the latest of all.
bool may_change(const ExpireWords& words, const std::optional<Instant>& before, Instant end) {
    return !(words.absent && before) && !(words.present && !before) &&
           !(words.later && (!before || end <= *before)) &&
           !(words.earlier && before && end >= *before);
}

void expire_as(Call& call, EndForm form) {
    ExpireWords words;
    const auto number = call.integer(2);
    if (!number || !read_expire_words(call, words)) {
        return;
    }
    const auto wall = wall_end(call.hub.clock, *number, form);
    if (!wall) {
        invalid_end(call);
        return;
    }
    const Instant end = call.hub.clock.from_wall_ms(*wall);
    const auto value = call.keys.find(call.arg(1));
    if (!value || !may_change(words, value->end, end)) {
        call.reply.integer(0);
    } else if (end <= call.keys.now()) {
        call.keys.erase(call.arg(1));
        call.reply.integer(1);
    } else {
        call.reply.integer(call.keys.change_end(call.arg(1), end) ? 1 : 0);
    }
}

void expire(Call& call) {
    expire_as(call, in_seconds);
}

void pexpire(Call& call) {
    expire_as(call, in_milliseconds);
}

void expireat(Call& call) {
    expire_as(call, at_seconds);
}

void pexpireat(Call& call) {
    expire_as(call, at_milliseconds);
}

void tell_end(Call& call, bool seconds, bool absolute) {
    const auto value = call.keys.find(call.arg(1));
    if (!value || !value->end) {
        call.reply.integer(value ? -1 : -2);
        return;
    }
    const std::int64_t ms =
        absolute ? call.hub.clock.to_wall_ms(*value->end) : (*value->end - call.keys.now()).count();
    call.reply.integer(seconds ? (ms + 500) / 1000 : ms);
}

void ttl(Call& call) {
    tell_end(call, true, false);
}

void pttl(Call& call) {
    tell_end(call, false, false);
}

void expiretime(Call& call) {
    tell_end(call, true, true);
}

void pexpiretime(Call& call) {
    tell_end(call, false, true);
}

void persist(Call& call) {
    const auto value = call.keys.find(call.arg(1));
    call.reply.integer(value && value->end && call.keys.change_end(call.arg(1), std::nullopt) ? 1
                                                                                              : 0);
}

constexpr Command expiry_table[] = {
    entry("expire", -3, writes | fast, one_key, expire, Group::generic, "1.0.0",
          "key seconds [NX | XX | GT | LT]", "Set a key's time to live in seconds"),
    entry("pexpire", -3, writes | fast, one_key, pexpire, Group::generic, "2.6.0",
          "key milliseconds [NX | XX | GT | LT]", "Set a key's time to live in milliseconds"),
    entry("expireat", -3, writes | fast, one_key, expireat, Group::generic, "1.2.0",
          "key unix-time-seconds [NX | XX | GT | LT]",
          "Set the expiration for a key as a UNIX timestamp"),
    entry("pexpireat", -3, writes | fast, one_key, pexpireat, Group::generic, "2.6.0",
          "key unix-time-milliseconds [NX | XX | GT | LT]",
          "Set the expiration for a key as a UNIX timestamp specified in milliseconds"),
    entry("ttl", 2, reads | fast, one_key, ttl, Group::generic, "1.0.0", "key",
          "Get the time to live for a key in seconds"),
    entry("pttl", 2, reads | fast, one_key, pttl, Group::generic, "2.6.0", "key",
          "Get the time to live for a key in milliseconds"),
    entry("expiretime", 2, reads | fast, one_key, expiretime, Group::generic, "7.0.0", "key",
          "Get the expiration Unix timestamp for a key"),
    entry("pexpiretime", 2, reads | fast, one_key, pexpiretime, Group::generic, "7.0.0", "key",
          "Get the expiration Unix timestamp for a key in milliseconds"),
    entry("persist", 2, writes | fast, one_key, persist, Group::generic, "2.2.0", "key",
          "Remove the expiration from a key"),
};

} // namespace

std::span<const Command> expiry_commands() noexcept {
    return expiry_table;
}

} // namespace cache::resp
