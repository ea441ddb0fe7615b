// Consumers: what each has been given, and what comes next.
#include <algorithm>

#include "rows.hpp"
#include "streams_run.hpp"

namespace communication {

namespace {

constexpr std::size_t most_consumers = 1000;

} // namespace

Told<Streams::Place> Streams::find_consumer(const std::string& stream, const std::string& name) {
    auto found = find(stream);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return refused<Place>((*found).error());
    }
    auto row = first<std::int64_t, std::int64_t, std::int64_t, Millis, std::int64_t, std::int64_t>(
        "SELECT consumer, next, delivery, ack_wait, max_attempts, window FROM consumers WHERE "
        "stream = ? AND name = ?",
        (**found).stream, name);
    if (!row) {
        return row.error();
    }
    if (!*row) {
        return refused<Place>(noa::not_found("/consumer: " + stream + " has none of the name " +
                                             name + ": consumer.set makes one"));
    }
    Place place{std::move(**found), {}};
    std::tie(place.consumer.consumer, place.consumer.next, place.consumer.delivery,
             place.consumer.terms.ack_wait, place.consumer.terms.attempts,
             place.consumer.terms.window) = **row;
    place.consumer.name = name;
    return noa::Result<Place>(std::move(place));
}

Stored<std::int64_t> Streams::start_of(const StreamFacts& stream, const From& from) {
    switch (from.kind) {
    case From::Kind::first: return 1;
    case From::Kind::next: return stream.last + 1;
    case From::Kind::position: return std::clamp<std::int64_t>(from.value, 1, stream.last + 1);
    case From::Kind::date: return position_of(database_, stream, from.value);
    }
    return 1;
}

Told<bool> Streams::set_consumer(const std::string& stream, const std::string& name,
                                 const From& from, const ConsumerTerms& terms) {
    auto found = find(stream);
    auto start = found && *found ? start_of(**found, from) : Stored<std::int64_t>(0);
    if (!found || !start) {
        return found ? start.error() : found.error();
    }
    if (!*found) {
        return refused<bool>((*found).error());
    }
    const std::int64_t id = (**found).stream;
    auto others = list_consumers(database_, id);
    if (!others) {
        return others.error();
    }
    const bool known = std::ranges::find(*others, name, &ConsumerFacts::name) != others->end();
    if (!known && others->size() >= most_consumers) {
        return refused<bool>(noa::busy("/consumer: 1,000 of a stream are all there may be"));
    }
    auto put =
        run("INSERT INTO consumers(stream, name, next, delivery, settled, ack_wait, max_attempts, "
            "window) VALUES(?1, ?2, ?3, max((SELECT ifnull(max(delivery), 0) FROM consumers), "
            "ifnull((SELECT CAST(value AS INTEGER) FROM facts WHERE key = 'delivery'), 0)), 0, ?4, "
            "?5, ?6) ON CONFLICT(stream, name) DO UPDATE SET ack_wait = ?4, max_attempts = ?5, "
            "window = ?6",
            id, name, *start, terms.ack_wait, terms.attempts, terms.window);
    return put ? Told<bool>(noa::Result<bool>(!known)) : Told<bool>(put.error());
}

Told<bool> Streams::drop_consumer(const std::string& stream, const std::string& name) {
    auto found = find_consumer(stream, name);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return refused<bool>((*found).error());
    }
    const std::int64_t id = (**found).consumer.consumer;
    auto noted = run("INSERT INTO facts VALUES('delivery', ?1) ON CONFLICT(key) DO UPDATE SET "
                     "value = max(CAST(value AS INTEGER), ?1)",
                     (**found).consumer.delivery);
    auto pending = noted ? run("DELETE FROM pending WHERE consumer = ?", id) : noted;
    auto gone = pending ? run("DELETE FROM consumers WHERE consumer = ?", id) : pending;
    return gone ? Told<bool>(noa::Result<bool>(true)) : Told<bool>(gone.error());
}

Told<std::int64_t> Streams::seek(const std::string& stream, const std::string& name,
                                 const From& from) {
    auto found = find_consumer(stream, name);
    auto start = found && *found ? start_of((**found).stream, from) : Stored<std::int64_t>(0);
    if (!found || !start) {
        return found ? start.error() : found.error();
    }
    if (!*found) {
        return refused<std::int64_t>((*found).error());
    }
    const std::int64_t id = (**found).consumer.consumer;
    auto over = run("DELETE FROM pending WHERE consumer = ?", id);
    auto moved = over ? run("UPDATE consumers SET next = ? WHERE consumer = ?", *start, id) : over;
    return moved ? Told<std::int64_t>(noa::Result<std::int64_t>(*start))
                 : Told<std::int64_t>(moved.error());
}

Told<Takings> Streams::take(const TakeTerms& terms) {
    auto found = find_consumer(terms.stream, terms.consumer);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return refused<Takings>((*found).error());
    }
    Place& place = **found;
    Takings takings;
    auto taken = take_again(place, terms, takings);
    taken = taken ? take_new(place, terms, takings) : taken;
    if (!taken) {
        return taken.error();
    }
    const std::int64_t id = place.consumer.consumer;
    if (!takings.entries.empty()) {
        auto saved = run("UPDATE consumers SET next = ?, delivery = ? WHERE consumer = ?",
                         place.consumer.next, place.consumer.delivery, id);
        if (!saved) {
            return saved.error();
        }
    }
    auto due = first<std::optional<Millis>>(
        "SELECT min(due) FROM pending WHERE consumer = ? AND due IS NOT NULL", id);
    if (!due) {
        return due.error();
    }
    takings.next = std::get<0>(**due).value_or(0);
    return noa::Result<Takings>(std::move(takings));
}

// What nobody settled in time, or was given back, and is due by now.
Stored<> Streams::take_again(Place& place, const TakeTerms& terms, Takings& ret_takings) {
    ConsumerFacts& consumer = place.consumer;
    auto over = run("UPDATE pending SET due = NULL, held = 0 WHERE consumer = ? AND due <= ? AND "
                    "attempts >= ?",
                    consumer.consumer, terms.at, consumer.terms.attempts);
    auto select = prepared("SELECT position, attempts FROM pending WHERE consumer = ? AND due <= ? "
                           "ORDER BY due, position LIMIT ?");
    auto bound = over && select ? (*select)->bind(consumer.consumer, terms.at, terms.count)
                                : Stored<>(over ? select.error() : over.error());
    std::vector<std::pair<std::int64_t, std::int64_t>> again;
    auto read = bound ? each_row(**select,
                                 [&again](noa::sqlite::Statement& at) -> Stored<> {
                                     auto row = at.row<std::int64_t, std::int64_t>();
                                     if (!row) {
                                         return row.error();
                                     }
                                     again.emplace_back(std::get<0>(*row), std::get<1>(*row));
                                     return {};
                                 })
                      : bound;
    ret_takings.given_up = over ? *over : 0;
    std::int64_t bytes = 0;
    for (std::size_t turn = 0; read && turn < again.size() && bytes < terms.bytes; ++turn) {
        const auto& [position, attempts] = again[turn];
        auto entries = read_entries(database_, place.stream, position, 1, 1, limits_.largest_body);
        if (!entries || entries->empty() || entries->front().position != position) {
            return entries ? noa::sqlite::Error{SQLITE_CORRUPT, "an entry is gone", "pending"}
                           : entries.error();
        }
        Entry& entry = entries->front();
        entry.delivery = ++consumer.delivery;
        entry.attempt = attempts + 1;
        auto set = run("UPDATE pending SET delivery = ?, attempts = ?, held = 1, due = ? WHERE "
                       "consumer = ? AND position = ?",
                       entry.delivery, entry.attempt, terms.at + consumer.terms.ack_wait,
                       consumer.consumer, position);
        read = set ? Stored<>() : Stored<>(set.error());
        bytes += static_cast<std::int64_t>(entry.body.size());
        ret_takings.entries.push_back(std::move(entry));
    }
    return read;
}

Stored<> Streams::take_new(Place& place, const TakeTerms& terms, Takings& ret_takings) {
    ConsumerFacts& consumer = place.consumer;
    auto held = first<std::int64_t>(
        "SELECT count(*) FROM pending WHERE consumer = ? AND due IS NOT NULL", consumer.consumer);
    if (!held) {
        return held.error();
    }
    std::int64_t bytes = terms.bytes;
    for (const Entry& entry : ret_takings.entries) {
        bytes -= static_cast<std::int64_t>(entry.body.size());
    }
    const std::int64_t room =
        std::min(terms.count - static_cast<std::int64_t>(ret_takings.entries.size()),
                 consumer.terms.window - std::get<0>(**held));
    if (room <= 0 || bytes <= 0 || consumer.next > place.stream.last) {
        return {};
    }
    auto entries =
        read_entries(database_, place.stream, consumer.next, room, bytes, limits_.largest_body);
    if (!entries) {
        return entries.error();
    }
    for (Entry& entry : *entries) {
        entry.delivery = ++consumer.delivery;
        entry.attempt = 1;
        consumer.next = entry.position + 1;
        auto put = run("INSERT INTO pending VALUES(?, ?, ?, 1, 1, ?)", consumer.consumer,
                       entry.position, entry.delivery, terms.at + consumer.terms.ack_wait);
        if (!put) {
            return put.error();
        }
        ret_takings.entries.push_back(std::move(entry));
    }
    return {};
}

Told<std::vector<std::int64_t>> Streams::settle(const Ruling& ruling) {
    using Positions = std::vector<std::int64_t>;
    auto found = find_consumer(ruling.stream, ruling.consumer);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return refused<Positions>((*found).error());
    }
    const ConsumerFacts& consumer = (**found).consumer;
    const bool ends = ruling.verdict == Verdict::ack || ruling.verdict == Verdict::term;
    const bool keeps = ruling.verdict == Verdict::progress;
    const Millis due = ruling.at + (keeps ? consumer.terms.ack_wait : ruling.delay);
    Positions over;
    for (const auto& [position, delivery] : ruling.items) {
        auto changed = ends ? run("DELETE FROM pending WHERE consumer = ? AND position = ? AND "
                                  "delivery = ? AND held = 1",
                                  consumer.consumer, position, delivery)
                            : run("UPDATE pending SET due = ?, held = ? WHERE consumer = ? AND "
                                  "position = ? AND delivery = ? AND held = 1",
                                  due, keeps ? 1 : 0, consumer.consumer, position, delivery);
        if (!changed) {
            return changed.error();
        }
        if (*changed == 0) {
            over.push_back(position);
        }
    }
    if (ends) {
        auto counted = run("UPDATE consumers SET settled = settled + ? WHERE consumer = ?",
                           ruling.items.size() - over.size(), consumer.consumer);
        if (!counted) {
            return counted.error();
        }
    }
    return noa::Result<Positions>(std::move(over));
}

} // namespace communication
