// Hashes: what reads them.
#include <algorithm>
#include <limits>

#include "../items.hpp"
#include "scan.hpp"

namespace cache::resp {

namespace {

constexpr std::int64_t most_picked = std::numeric_limits<std::int64_t>::max() / 2;

std::string_view hash_bytes(const std::optional<Value>& value) noexcept {
    return value ? value->bytes : std::string_view();
}

void field_or_null(Call& call, std::string_view bytes, std::string_view field) {
    if (const auto found = find_field(bytes, field)) {
        call.reply.bulk(found->value.text);
    } else {
        call.reply.null();
    }
}

void hget(Call& call) {
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::hash); !wrong) {
        field_or_null(call, hash_bytes(value), call.arg(2));
    }
}

void hmget(Call& call) {
    const auto [wrong, value] = call.get(call.arg(1), Kind::hash);
    if (wrong) {
        return;
    }
    const Args fields = call.args.subspan(2);
    call.reply.array(fields.size());
    if (fields.size() < many_items) {
        for (const std::string_view field : fields) {
            field_or_null(call, hash_bytes(value), field);
        }
        return;
    }
    const auto items = items_of(hash_bytes(value));
    const ItemPlaces places = places_of(items, 2);
    for (const std::string_view field : fields) {
        const auto place = places.find(field);
        if (place != places.end() && place->second + 1 < items.size()) {
            call.reply.bulk(items[place->second + 1]);
        } else {
            call.reply.null();
        }
    }
}

void hlen(Call& call) {
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::hash); !wrong) {
        call.reply.integer(ItemReader(hash_bytes(value)).count() / 2);
    }
}

void hstrlen(Call& call) {
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::hash); !wrong) {
        const auto found = find_field(hash_bytes(value), call.arg(2));
        call.reply.integer(found ? static_cast<std::int64_t>(found->value.text.size()) : 0);
    }
}

void hexists(Call& call) {
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::hash); !wrong) {
        call.reply.integer(find_field(hash_bytes(value), call.arg(2)) ? 1 : 0);
    }
}

void hgetall(Call& call) {
    const auto [wrong, value] = call.get(call.arg(1), Kind::hash);
    if (wrong) {
        return;
    }
    const auto items = items_of(hash_bytes(value));
    call.reply.map(items.size() / 2);
    for (const std::string_view item : items) {
        call.reply.bulk(item);
    }
}

// Each second one.
void half_of(Call& call, std::size_t from) {
    const auto [wrong, value] = call.get(call.arg(1), Kind::hash);
    if (wrong) {
        return;
    }
    const auto items = items_of(hash_bytes(value));
    call.reply.array(items.size() / 2);
    for (std::size_t at = from; at < items.size(); at += 2) {
        call.reply.bulk(items[at]);
    }
}

void hkeys(Call& call) {
    half_of(call, 0);
}

void hvals(Call& call) {
    half_of(call, 1);
}

// All at once: a hash is one value.
void hscan(Call& call) {
    ScanWords words;
    if (!scan_cursor(call, 2) || !read_scan_words(call, 3, false, words)) {
        return;
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::hash);
    if (wrong) {
        return;
    }
    const auto items = items_of(hash_bytes(value));
    std::vector<std::string_view> found;
    for (std::size_t at = 0; at + 1 < items.size(); at += 2) {
        if (words.covers(items[at])) {
            found.insert(found.end(), {items[at], items[at + 1]});
        }
    }
    call.reply.array(2);
    call.reply.bulk("0");
    call.reply.array(found.size());
    for (const std::string_view item : found) {
        call.reply.bulk(item);
    }
}

// `count` below 0: that many, the same ones perhaps; else each once.
void pick_fields(Call& call, std::vector<std::string_view> items, std::int64_t count, bool values) {
    const bool again = count < 0;
    const std::size_t fields = items.size() / 2;
    const auto wanted = static_cast<std::size_t>(again ? -count : count);
    const std::size_t picked = fields == 0 ? 0 : again ? wanted : std::min(wanted, fields);
    const bool pairs = values && call.reply.protocol() == 3;
    call.reply.array(picked * (values && !pairs ? 2 : 1));
    for (std::size_t at = 0; at < picked && !call.reply.overflown(); ++at) {
        std::size_t field = call.hub.random_below(again ? fields : fields - at);
        field = again ? field : field + at;
        if (pairs) {
            call.reply.array(2);
        }
        call.reply.bulk(items[field * 2]);
        if (values) {
            call.reply.bulk(items[field * 2 + 1]);
        }
        if (!again) { // what was picked stays in front
            std::swap(items[at * 2], items[field * 2]);
            std::swap(items[at * 2 + 1], items[field * 2 + 1]);
        }
    }
}

void hrandfield(Call& call) {
    std::optional<std::int64_t> count;
    const bool values = call.size() == 4 && call.is(3, "withvalues");
    if (call.size() > 2) {
        count = call.integer(2);
        if (!count) {
            return;
        }
        if (call.size() > 4 || (call.size() == 4 && !values)) {
            call.syntax_error();
            return;
        }
        if (*count < -most_picked || *count > most_picked) {
            call.reply.error(words::out_of_range);
            return;
        }
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::hash);
    if (wrong) {
        return;
    }
    auto items = items_of(hash_bytes(value));
    if (count) {
        pick_fields(call, std::move(items), *count, values);
    } else if (items.size() < 2) {
        call.reply.null();
    } else {
        call.reply.bulk(items[call.hub.random_below(items.size() / 2) * 2]);
    }
}

constexpr Command hash_look_table[] = {
    entry("hget", 3, reads | fast, one_key, hget, Group::hash, "2.0.0", "key field",
          "Get the value of a hash field"),
    entry("hmget", -3, reads | fast, one_key, hmget, Group::hash, "2.0.0", "key field [field ...]",
          "Get the values of all the given hash fields"),
    entry("hlen", 2, reads | fast, one_key, hlen, Group::hash, "2.0.0", "key",
          "Get the number of fields in a hash"),
    entry("hstrlen", 3, reads | fast, one_key, hstrlen, Group::hash, "3.2.0", "key field",
          "Get the length of the value of a hash field"),
    entry("hexists", 3, reads | fast, one_key, hexists, Group::hash, "2.0.0", "key field",
          "Determine if a hash field exists"),
    entry("hgetall", 2, reads, one_key, hgetall, Group::hash, "2.0.0", "key",
          "Get all the fields and values in a hash"),
    entry("hkeys", 2, reads, one_key, hkeys, Group::hash, "2.0.0", "key",
          "Get all the fields in a hash"),
    entry("hvals", 2, reads, one_key, hvals, Group::hash, "2.0.0", "key",
          "Get all the values in a hash"),
    entry("hscan", -3, reads, one_key, hscan, Group::hash, "2.8.0",
          "key cursor [MATCH pattern] [COUNT count]",
          "Incrementally iterate hash fields and associated values"),
    entry("hrandfield", -2, reads, one_key, hrandfield, Group::hash, "6.2.0",
          "key [count [WITHVALUES]]", "Get one or multiple random fields from a hash"),
};

} // namespace

std::span<const Command> hash_look_commands() noexcept {
    return hash_look_table;
}

} // namespace cache::resp
