// Lists: the usual.
#include <algorithm>

#include "../items.hpp"
#include "../number.hpp"
#include "lists.hpp"

namespace cache::resp {

std::string_view list_bytes(const std::optional<Value>& value) noexcept {
    return value ? value->bytes : std::string_view();
}

bool store_list(Call& call, std::string_view key, const Items& list) {
    if (list.count() == 0) {
        call.keys.erase(key);
        return true;
    }
    return call.update(key, list.bytes(), Type::list);
}

std::pair<std::int64_t, std::int64_t> list_range(std::int64_t begin, std::int64_t end,
                                                 std::int64_t size) noexcept {
    begin = std::max<std::int64_t>(begin < 0 ? begin + size : begin, 0);
    end = std::min(end < 0 ? end + size : end, size - 1);
    return begin > end ? std::pair<std::int64_t, std::int64_t>{0, -1} : std::pair{begin, end};
}

std::string take_end(Items& list, bool front) {
    ItemReader reader(list.bytes());
    std::string_view text;
    std::size_t begin = reader.place();
    for (std::size_t at = begin; reader.next(text); at = reader.place()) {
        begin = at;
        if (front) {
            break;
        }
    }
    std::string taken(text);
    list.erase(begin, reader.place(), 1);
    return taken;
}

namespace {

void push(Call& call, bool front, bool only_if_there) {
    const auto [wrong, value] = call.find(call.arg(1), Kind::list);
    if (wrong) {
        return;
    }
    if (only_if_there && !value) {
        call.reply.integer(0);
        return;
    }
    Items list(list_bytes(value));
    if (front) {
        Items reversed;
        for (std::size_t at = call.size(); at-- > 2;) {
            reversed.append(call.arg(at));
        }
        list.prepend_all(reversed);
    } else {
        for (const std::string_view text : call.args.subspan(2)) {
            list.append(text);
        }
    }
    if (call.update(call.arg(1), list.bytes(), Type::list)) {
        call.reply.integer(list.count());
    }
}

void lpush(Call& call) {
    push(call, true, false);
}

void rpush(Call& call) {
    push(call, false, false);
}

void lpushx(Call& call) {
    push(call, true, true);
}

void rpushx(Call& call) {
    push(call, false, true);
}

void pop(Call& call, bool front) {
    if (call.size() > 3) {
        call.wrong_arity();
        return;
    }
    std::optional<std::int64_t> count;
    if (call.size() == 3) {
        count = whole_number(call.arg(2));
        if (!count || *count < 0) {
            call.reply.error("ERR value is out of range, must be positive");
            return;
        }
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::list);
    if (wrong) {
        return;
    }
    if (!value) {
        count ? call.reply.null_array() : call.reply.null();
        return;
    }
    auto items = items_of(value->bytes);
    const std::size_t taken = std::min(
        items.size(), static_cast<std::size_t>(std::min<std::int64_t>(count.value_or(1), 1 << 30)));
    if (count) {
        call.reply.array(taken);
    }
    Items rest;
    if (front) {
        std::for_each(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(taken),
                      [&](std::string_view text) { call.reply.bulk(text); });
        std::for_each(items.begin() + static_cast<std::ptrdiff_t>(taken), items.end(),
                      [&](std::string_view text) { rest.append(text); });
    } else {
        std::for_each(items.rbegin(), items.rbegin() + static_cast<std::ptrdiff_t>(taken),
                      [&](std::string_view text) { call.reply.bulk(text); });
        std::for_each(items.begin(), items.end() - static_cast<std::ptrdiff_t>(taken),
                      [&](std::string_view text) { rest.append(text); });
    }
    if (taken > 0) {
        store_list(call, call.arg(1), rest); // smaller than before: it fits
    }
}

void lpop(Call& call) {
    pop(call, true);
}

void rpop(Call& call) {
    pop(call, false);
}

void llen(Call& call) {
    if (const auto [wrong, value] = call.get(call.arg(1), Kind::list); !wrong) {
        call.reply.integer(ItemReader(list_bytes(value)).count());
    }
}

void lrange(Call& call) {
    const auto begin = call.integer(2);
    const auto end = begin ? call.integer(3) : std::nullopt;
    if (!end) {
        return;
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::list);
    if (wrong) {
        return;
    }
    ItemReader reader(list_bytes(value));
    const auto [first, last] = list_range(*begin, *end, reader.count());
    call.reply.array(static_cast<std::size_t>(last - first + 1));
    std::string_view text;
    for (std::int64_t at = 0; at <= last && reader.next(text); ++at) {
        if (at >= first) {
            call.reply.bulk(text);
        }
    }
}

void lindex(Call& call) {
    const auto index = call.integer(2);
    if (!index) {
        return;
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::list);
    if (wrong) {
        return;
    }
    ItemReader reader(list_bytes(value));
    const std::int64_t wanted = *index < 0 ? *index + reader.count() : *index;
    std::string_view text;
    for (std::int64_t at = 0; wanted >= 0 && reader.next(text); ++at) {
        if (at == wanted) {
            call.reply.bulk(text);
            return;
        }
    }
    call.reply.null();
}

constexpr Command list_table[] = {
    entry("lpush", -3, writes | denies_oom | fast, one_key, lpush, Group::list, "1.0.0",
          "key element [element ...]", "Prepend one or multiple elements to a list"),
    entry("rpush", -3, writes | denies_oom | fast, one_key, rpush, Group::list, "1.0.0",
          "key element [element ...]", "Append one or multiple elements to a list"),
    entry("lpushx", -3, writes | denies_oom | fast, one_key, lpushx, Group::list, "2.2.0",
          "key element [element ...]", "Prepend an element to a list, only if the list exists"),
    entry("rpushx", -3, writes | denies_oom | fast, one_key, rpushx, Group::list, "2.2.0",
          "key element [element ...]", "Append an element to a list, only if the list exists"),
    entry("lpop", -2, writes | fast, one_key, lpop, Group::list, "1.0.0", "key [count]",
          "Remove and get the first elements in a list"),
    entry("rpop", -2, writes | fast, one_key, rpop, Group::list, "1.0.0", "key [count]",
          "Remove and get the last elements in a list"),
    entry("llen", 2, reads | fast, one_key, llen, Group::list, "1.0.0", "key",
          "Get the length of a list"),
    entry("lrange", 4, reads, one_key, lrange, Group::list, "1.0.0", "key start stop",
          "Get a range of elements from a list"),
    entry("lindex", 3, reads, one_key, lindex, Group::list, "1.0.0", "key index",
          "Get an element from a list by its index"),
};

} // namespace

std::span<const Command> list_commands() noexcept {
    return list_table;
}

} // namespace cache::resp
