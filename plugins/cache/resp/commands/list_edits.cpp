// Lists: what finds its place in them.
#include <algorithm>

#include "lists.hpp"

namespace cache::resp {

namespace {

void lset(Call& call) {
    const auto index = call.integer(2);
    if (!index) {
        return;
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::list);
    if (wrong) {
        return;
    }
    if (!value) {
        call.reply.error(words::no_key);
        return;
    }
    const auto items = items_of(value->bytes);
    const auto size = static_cast<std::int64_t>(items.size());
    const std::int64_t wanted = *index < 0 ? *index + size : *index;
    if (wanted < 0 || wanted >= size) {
        call.reply.error(words::index_out_of_range);
        return;
    }
    Items list;
    for (std::int64_t at = 0; at < size; ++at) {
        list.append(at == wanted ? call.arg(3) : items[static_cast<std::size_t>(at)]);
    }
    if (store_list(call, call.arg(1), list)) {
        call.reply.ok();
    }
}

void linsert(Call& call) {
    const bool after = call.is(2, "after");
    if (!after && !call.is(2, "before")) {
        call.syntax_error();
        return;
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::list);
    if (wrong) {
        return;
    }
    const auto found = find_item(list_bytes(value), call.arg(3));
    if (!found) {
        call.reply.integer(value ? -1 : 0);
        return;
    }
    Items list(value->bytes);
    list.insert(after ? found->end : found->begin, call.arg(4));
    if (store_list(call, call.arg(1), list)) {
        call.reply.integer(list.count());
    }
}

void lrem(Call& call) {
    const auto count = call.integer(2);
    if (!count) {
        return;
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::list);
    if (wrong) {
        return;
    }
    auto items = items_of(list_bytes(value));
    const bool from_end = *count < 0;
    if (from_end) {
        std::reverse(items.begin(), items.end());
    }
    const std::uint64_t most = *count == 0 ? UINT64_MAX
                               : from_end  ? 0 - static_cast<std::uint64_t>(*count)
                                           : static_cast<std::uint64_t>(*count);
    std::uint64_t removed = 0;
    std::erase_if(items, [&](std::string_view text) {
        return text == call.arg(3) && removed < most && ++removed > 0;
    });
    if (from_end) {
        std::reverse(items.begin(), items.end());
    }
    if (removed > 0) {
        Items list;
        for (const std::string_view text : items) {
            list.append(text);
        }
        store_list(call, call.arg(1), list); // smaller than before: it fits
    }
    call.reply.integer(static_cast<std::int64_t>(removed));
}

void ltrim(Call& call) {
    const auto begin = call.integer(2);
    const auto end = begin ? call.integer(3) : std::nullopt;
    if (!end) {
        return;
    }
    const auto [wrong, value] = call.find(call.arg(1), Kind::list);
    if (wrong) {
        return;
    }
    if (value) {
        const auto items = items_of(value->bytes);
        const auto [first, last] =
            list_range(*begin, *end, static_cast<std::int64_t>(items.size()));
        Items list;
        for (std::int64_t at = first; at <= last; ++at) {
            list.append(items[static_cast<std::size_t>(at)]);
        }
        store_list(call, call.arg(1), list);
    }
    call.reply.ok();
}

// Takes from one end and gives to the other list, or the same one.
void move(Call& call, bool from_front, bool to_front) {
    const std::string_view from = call.arg(1);
    const std::string_view to = call.arg(2);
    const auto [wrong, value] = call.find(from, Kind::list);
    if (wrong) {
        return;
    }
    if (!value) {
        call.reply.null();
        return;
    }
    Items source(value->bytes);
    const std::string text = take_end(source, from_front);
    const auto [wrong_too, there] = call.find(to, Kind::list);
    if (wrong_too) {
        return;
    }
    Items target(from == to ? source.bytes() : list_bytes(there));
    to_front ? target.prepend(text) : target.append(text);
    if (call.update(to, target.bytes(), Type::list)) {
        if (from != to) {
            store_list(call, from, source);
        }
        call.reply.bulk(text);
    }
}

void rpoplpush(Call& call) {
    move(call, false, true);
}

void lmove(Call& call) {
    const auto side = [&](std::size_t at) { return call.is(at, "left") || call.is(at, "right"); };
    if (!side(3) || !side(4)) {
        call.syntax_error();
        return;
    }
    move(call, call.is(3, "left"), call.is(4, "left"));
}

struct PositionWords {
    std::int64_t rank = 1;
    std::optional<std::int64_t> count;
    std::int64_t most = 0; // comparisons; 0: all
};

bool read_position_words(Call& call, PositionWords& words) {
    for (std::size_t at = 3; at < call.size(); at += 2) {
        if (at + 1 == call.size()) {
            call.syntax_error();
            return false;
        }
        const auto number = call.integer(at + 1);
        if (!number) {
            return false;
        }
        if (call.is(at, "rank")) {
            if (*number == 0 || *number == INT64_MIN) {
                call.reply.error("ERR RANK can't be zero: use 1 to start from the first match, 2 "
                                 "from the second ... or use negative to start from the end of "
                                 "the list");
                return false;
            }
            words.rank = *number;
        } else if ((call.is(at, "count") || call.is(at, "maxlen")) && *number < 0) {
            call.reply.error(call.is(at, "count") ? "ERR COUNT can't be negative"
                                                  : "ERR MAXLEN can't be negative");
            return false;
        } else if (call.is(at, "count")) {
            words.count = *number;
        } else if (call.is(at, "maxlen")) {
            words.most = *number;
        } else {
            call.syntax_error();
            return false;
        }
    }
    return true;
}

void lpos(Call& call) {
    PositionWords words;
    if (!read_position_words(call, words)) {
        return;
    }
    const auto [wrong, value] = call.get(call.arg(1), Kind::list);
    if (wrong) {
        return;
    }
    const auto items = items_of(list_bytes(value));
    const auto size = static_cast<std::int64_t>(items.size());
    const bool from_end = words.rank < 0;
    const std::int64_t wanted = words.count.value_or(1) == 0 ? size : words.count.value_or(1);
    const std::int64_t looks = words.most == 0 ? size : std::min(size, words.most);
    std::int64_t skip = std::abs(words.rank) - 1;
    std::vector<std::int64_t> found;
    for (std::int64_t step = 0; step < looks && static_cast<std::int64_t>(found.size()) < wanted;
         ++step) {
        const std::int64_t at = from_end ? size - 1 - step : step;
        if (items[static_cast<std::size_t>(at)] == call.arg(2) && skip-- <= 0) {
            found.push_back(at);
        }
    }
    if (words.count) {
        call.reply.array(found.size());
    } else if (found.empty()) {
        call.reply.null();
    }
    for (const std::int64_t at : found) {
        call.reply.integer(at);
    }
}

constexpr Command list_edit_table[] = {
    entry("lset", 4, writes | denies_oom, one_key, lset, Group::list, "1.0.0", "key index element",
          "Set the value of an element in a list by its index"),
    entry("linsert", 5, writes | denies_oom, one_key, linsert, Group::list, "2.2.0",
          "key BEFORE|AFTER pivot element",
          "Insert an element before or after another element in a list"),
    entry("lrem", 4, writes, one_key, lrem, Group::list, "1.0.0", "key count element",
          "Remove elements from a list"),
    entry("ltrim", 4, writes, one_key, ltrim, Group::list, "1.0.0", "key start stop",
          "Trim a list to the specified range"),
    entry("rpoplpush", 3, writes | denies_oom, two_keys, rpoplpush, Group::list, "1.2.0",
          "source destination",
          "Remove the last element in a list, prepend it to another list and return it"),
    entry("lmove", 5, writes | denies_oom, two_keys, lmove, Group::list, "6.2.0",
          "source destination LEFT|RIGHT LEFT|RIGHT",
          "Pop an element from a list, push it to another list and return it"),
    entry("lpos", -3, reads, one_key, lpos, Group::list, "6.0.6",
          "key element [RANK rank] [COUNT num-matches] [MAXLEN len]",
          "Return the index of matching elements on a list"),
};

} // namespace

std::span<const Command> list_edit_commands() noexcept {
    return list_edit_table;
}

} // namespace cache::resp
