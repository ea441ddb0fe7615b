// Sets: several at a time.
#include <algorithm>

#include "sets.hpp"

namespace cache::resp {

namespace {

using Members = std::vector<std::string_view>;

enum class Algebra : std::uint8_t { intersection, united, difference };

// Nothing, and the client has been told, when a key is no set.
std::optional<std::vector<Members>> members_of(Call& call, Args keys) {
    std::vector<Members> all;
    for (const std::string_view key : keys) {
        const auto [wrong, value] = call.find(key, Kind::set);
        if (wrong) {
            return std::nullopt;
        }
        all.push_back(items_of(set_bytes(value)));
    }
    return all;
}

Members combined(std::vector<Members> sets, Algebra how) {
    Members out = std::move(sets.front());
    for (std::size_t at = 1; at < sets.size(); ++at) {
        if (how == Algebra::united) {
            const ItemPlaces there = places_of(out, 1);
            std::copy_if(sets[at].begin(), sets[at].end(), std::back_inserter(out),
                         [&](std::string_view member) { return !there.contains(member); });
        } else {
            const ItemPlaces other = places_of(sets[at], 1);
            std::erase_if(out, [&](std::string_view member) {
                return other.contains(member) != (how == Algebra::intersection);
            });
        }
    }
    return out;
}

void tell(Call& call, Algebra how) {
    if (auto sets = members_of(call, call.args.subspan(1))) {
        const Members members = combined(std::move(*sets), how);
        call.reply.set(members.size());
        for (const std::string_view member : members) {
            call.reply.bulk(member);
        }
    }
}

void keep(Call& call, Algebra how) {
    auto sets = members_of(call, call.args.subspan(2));
    if (!sets) {
        return;
    }
    const Members members = combined(std::move(*sets), how);
    if (members.empty()) {
        call.keys.erase(call.arg(1));
        call.reply.integer(0);
        return;
    }
    Items set;
    set.append(members);
    if (call.store(call.arg(1), set.bytes(), {.type = Type::set})) {
        call.reply.integer(static_cast<std::int64_t>(members.size()));
    }
}

void sinter(Call& call) {
    tell(call, Algebra::intersection);
}

void sunion(Call& call) {
    tell(call, Algebra::united);
}

void sdiff(Call& call) {
    tell(call, Algebra::difference);
}

void sinterstore(Call& call) {
    keep(call, Algebra::intersection);
}

void sunionstore(Call& call) {
    keep(call, Algebra::united);
}

void sdiffstore(Call& call) {
    keep(call, Algebra::difference);
}

void smove(Call& call) {
    const std::string_view member = call.arg(3);
    const auto [wrong, value] = call.find(call.arg(1), Kind::set);
    if (wrong) {
        return;
    }
    const auto [wrong_too, there] = call.find(call.arg(2), Kind::set);
    if (wrong_too) {
        return;
    }
    Members source = items_of(set_bytes(value));
    if (std::erase(source, member) == 0) {
        call.reply.integer(0);
        return;
    }
    if (call.arg(1) == call.arg(2)) {
        call.reply.integer(1);
        return;
    }
    Items rest;
    rest.append(source);
    Items target(set_bytes(there));
    if (!find_item(target.bytes(), member)) {
        target.append(member);
    }
    if (call.update(call.arg(2), target.bytes(), Type::set)) {
        if (rest.count() == 0) {
            call.keys.erase(call.arg(1));
        } else {
            call.update(call.arg(1), rest.bytes(), Type::set); // smaller than before: it fits
        }
        call.reply.integer(1);
    }
}

constexpr Command set_algebra_table[] = {
    entry("sinter", -2, reads, all_keys, sinter, Group::set, "1.0.0", "key [key ...]",
          "Intersect multiple sets"),
    entry("sunion", -2, reads, all_keys, sunion, Group::set, "1.0.0", "key [key ...]",
          "Add multiple sets"),
    entry("sdiff", -2, reads, all_keys, sdiff, Group::set, "1.0.0", "key [key ...]",
          "Subtract multiple sets"),
    entry("sinterstore", -3, writes | denies_oom, all_keys, sinterstore, Group::set, "1.0.0",
          "destination key [key ...]",
          "Intersect multiple sets and store the resulting set in a key"),
    entry("sunionstore", -3, writes | denies_oom, all_keys, sunionstore, Group::set, "1.0.0",
          "destination key [key ...]", "Add multiple sets and store the resulting set in a key"),
    entry("sdiffstore", -3, writes | denies_oom, all_keys, sdiffstore, Group::set, "1.0.0",
          "destination key [key ...]",
          "Subtract multiple sets and store the resulting set in a key"),
    entry("smove", 4, writes | fast, two_keys, smove, Group::set, "1.0.0",
          "source destination member", "Move a member from one set to another"),
};

} // namespace

std::span<const Command> set_algebra_commands() noexcept {
    return set_algebra_table;
}

} // namespace cache::resp
