#include <algorithm>
#include <iterator>

#include "ends.hpp"

namespace cache::resp {

namespace {

// After SET key value.
struct SetWords {
    When when = When::always;
    bool get = false;
    bool keep_end = false;
    std::optional<Instant> end;
};

// False, and the client has been told, for what is no such word or contradicts another.
bool read_set_words(Call& call, SetWords& words) {
    bool has_end = false;
    for (std::size_t at = 3; at < call.size(); ++at) {
        const auto form = end_form(call.arg(at));
        if (call.is(at, "nx") && words.when != When::present) {
            words.when = When::absent;
        } else if (call.is(at, "xx") && words.when != When::absent) {
            words.when = When::present;
        } else if (call.is(at, "get")) {
            words.get = true;
        } else if (call.is(at, "keepttl") && !has_end) {
            words.keep_end = true;
        } else if (form && !has_end && !words.keep_end && at + 1 < call.size()) {
            has_end = true;
            words.end = end_argument(call, ++at, *form);
            if (!words.end) {
                return false;
            }
        } else {
            call.syntax_error();
            return false;
        }
    }
    return true;
}

void bulk_or_null(Call& call, const std::optional<Value>& value) {
    if (value) {
        call.reply.bulk(value->bytes);
    } else {
        call.reply.null();
    }
}

void set_with_words(Call& call) {
    SetWords words;
    if (!read_set_words(call, words)) {
        return;
    }
    const std::size_t before = call.reply.size();
    if (words.get) {
        const auto [wrong, value] = call.get(call.arg(1), Kind::string);
        if (wrong) {
            return;
        }
        bulk_or_null(call, value);
    }
    const SetOptions options{
        .end = words.end, .keep = words.keep_end ? Keep::end : Keep::nothing, .when = words.when};
    const Stored outcome = call.keys.set(call.arg(1), call.arg(2), options);
    if (outcome == Stored::too_large || outcome == Stored::no_room) {
        call.reply.cut(before);
        call.reply.error(outcome == Stored::too_large ? words::too_large : words::no_room);
    } else if (!words.get && outcome == Stored::yes) {
        call.reply.ok();
    } else if (!words.get) {
        call.reply.null();
    }
}

void set(Call& call) {
    if (call.size() > 3) {
        set_with_words(call);
    } else if (call.store(call.arg(1), call.arg(2), {})) {
        call.reply.ok();
    }
}

void get(Call& call) {
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::string); !wrong) {
        bulk_or_null(call, value);
    }
}

void getex(Call& call) {
    std::optional<Instant> end;
    const bool persist = call.size() == 3 && call.is(2, "persist");
    if (call.size() == 4 && end_form(call.arg(2))) {
        end = end_argument(call, 3, *end_form(call.arg(2)));
        if (!end) {
            return;
        }
    } else if (call.size() != 2 && !persist) {
        call.syntax_error();
        return;
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::string);
    if (wrong) {
        return;
    }
    bulk_or_null(call, value);
    if (value && end && *end <= call.keys.now()) {
        call.keys.erase(call.arg(1));
    } else if (value && (end || (persist && value->end))) {
        call.keys.change_end(call.arg(1), end);
    }
}

void getdel(Call& call) {
    const auto [wrong, value] = call.get(call.arg(1), Kind::string);
    if (wrong) {
        return;
    }
    bulk_or_null(call, value);
    if (value) {
        call.keys.erase(call.arg(1));
    }
}

void getset(Call& call) {
    const auto [wrong, value] = call.get(call.arg(1), Kind::string);
    if (wrong) {
        return;
    }
    const std::size_t before = call.reply.size();
    bulk_or_null(call, value);
    const Stored outcome = call.keys.set(call.arg(1), call.arg(2), {});
    if (outcome != Stored::yes) {
        call.reply.cut(before);
        call.reply.error(outcome == Stored::too_large ? words::too_large : words::no_room);
    }
}

void setnx(Call& call) {
    const Stored outcome = call.keys.set(call.arg(1), call.arg(2), {.when = When::absent});
    if (outcome == Stored::yes || outcome == Stored::no) {
        call.reply.integer(outcome == Stored::yes ? 1 : 0);
    } else {
        call.reply.error(outcome == Stored::too_large ? words::too_large : words::no_room);
    }
}

void set_until(Call& call, EndForm form) {
    const auto end = end_argument(call, 2, form);
    if (end && call.store(call.arg(1), call.arg(3), {.end = end})) {
        call.reply.ok();
    }
}

void setex(Call& call) {
    set_until(call, in_seconds);
}

void psetex(Call& call) {
    set_until(call, in_milliseconds);
}

bool even_pairs(Call& call) {
    if (call.size() % 2 == 0) {
        call.wrong_arity();
        return false;
    }
    return true;
}

bool store_pairs(Call& call) {
    for (std::size_t at = 1; at < call.size(); at += 2) {
        if (!call.store(call.arg(at), call.arg(at + 1), {})) {
            return false;
        }
    }
    return true;
}

void mset(Call& call) {
    if (even_pairs(call) && store_pairs(call)) {
        call.reply.ok();
    }
}

void msetnx(Call& call) {
    if (!even_pairs(call)) {
        return;
    }
    for (std::size_t at = 1; at < call.size(); at += 2) {
        if (call.keys.find(call.arg(at))) {
            call.reply.integer(0);
            return;
        }
    }
    if (store_pairs(call)) {
        call.reply.integer(1);
    }
}

void mget(Call& call) {
    call.reply.array(call.size() - 1);
    for (std::size_t at = 1; at < call.size(); ++at) {
        const auto value = call.keys.get(call.arg(at));
        bulk_or_null(call, value && kind_of(value->type) == Kind::string ? value : std::nullopt);
    }
}

constexpr Command string_table[] = {
    entry("get", 2, reads | fast, one_key, get, Group::string, "1.0.0", "key",
          "Get the value of a key"),
    entry("set", -3, writes | denies_oom, one_key, set, Group::string, "1.0.0",
          "key value [NX | XX] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
          "unix-time-milliseconds | KEEPTTL]",
          "Set the string value of a key"),
    entry("getex", -2, writes | fast, one_key, getex, Group::string, "6.2.0",
          "key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT "
          "unix-time-milliseconds | PERSIST]",
          "Get the value of a key and optionally set its expiration"),
    entry("getdel", 2, writes | fast, one_key, getdel, Group::string, "6.2.0", "key",
          "Get the value of a key and delete the key"),
    entry("getset", 3, writes | denies_oom | fast, one_key, getset, Group::string, "1.0.0",
          "key value", "Set the string value of a key and return its old value"),
    entry("setnx", 3, writes | denies_oom | fast, one_key, setnx, Group::string, "1.0.0",
          "key value", "Set the value of a key, only if the key does not exist"),
    entry("setex", 4, writes | denies_oom, one_key, setex, Group::string, "2.0.0",
          "key seconds value", "Set the value and expiration of a key"),
    entry("psetex", 4, writes | denies_oom, one_key, psetex, Group::string, "2.6.0",
          "key milliseconds value", "Set the value and expiration in milliseconds of a key"),
    entry("mset", -3, writes | denies_oom, each_second_key, mset, Group::string, "1.0.1",
          "key value [key value ...]", "Set multiple keys to multiple values"),
    entry("msetnx", -3, writes | denies_oom, each_second_key, msetnx, Group::string, "1.0.1",
          "key value [key value ...]",
          "Set multiple keys to multiple values, only if none of the keys exist"),
    entry("mget", -2, reads | fast, all_keys, mget, Group::string, "1.0.0", "key [key ...]",
          "Get the values of all the given keys"),
};

} // namespace

std::span<const Command> string_commands() noexcept {
    return string_table;
}

} // namespace cache::resp
