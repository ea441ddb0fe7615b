// What is read of streams, on whichever connection.
#include "rows.hpp"
#include "streams.hpp"

namespace communication {

Stored<std::vector<StreamFacts>> list_streams(noa::sqlite::Database& database,
                                              const std::string& name) {
    auto select = database.prepare(
        std::string("SELECT stream, ifnull(name, ''), last, last_at, entries, bytes, max_age, "
                    "max_count, max_bytes FROM streams") +
        (name.empty() ? " WHERE ? = '' ORDER BY name" : " WHERE name = ?"));
    auto bound = select ? select->bind(name) : Stored<>(select.error());
    std::vector<StreamFacts> all;
    auto read =
        bound
            ? each_row(*select,
                       [&all](noa::sqlite::Statement& at) -> Stored<> {
                           auto row =
                               at.row<std::int64_t, std::string, std::int64_t, Millis, std::int64_t,
                                      std::int64_t, Millis, std::int64_t, std::int64_t>();
                           if (!row) {
                               return row.error();
                           }
                           StreamFacts& one = all.emplace_back();
                           std::tie(one.stream, one.name, one.last, one.last_at, one.entries,
                                    one.bytes, one.retention.age, one.retention.count,
                                    one.retention.bytes) = *std::move(row);
                           return {};
                       })
            : bound;
    return read ? Stored<std::vector<StreamFacts>>(std::move(all))
                : Stored<std::vector<StreamFacts>>(read.error());
}

Stored<std::vector<ConsumerFacts>> list_consumers(noa::sqlite::Database& database,
                                                  std::int64_t stream) {
    auto select = database.prepare(
        "SELECT consumer, name, next, delivery, settled, ack_wait, max_attempts, window, "
        "(SELECT count(*) FROM pending p WHERE p.consumer = c.consumer AND due IS NOT NULL), "
        "(SELECT count(*) FROM pending p WHERE p.consumer = c.consumer AND due IS NULL) "
        "FROM consumers c WHERE stream = ? ORDER BY name");
    auto bound = select ? select->bind(stream) : Stored<>(select.error());
    std::vector<ConsumerFacts> all;
    auto read =
        bound ? each_row(*select,
                         [&all](noa::sqlite::Statement& at) -> Stored<> {
                             auto row = at.row<std::int64_t, std::string, std::int64_t,
                                               std::int64_t, std::int64_t, Millis, std::int64_t,
                                               std::int64_t, std::int64_t, std::int64_t>();
                             if (!row) {
                                 return row.error();
                             }
                             ConsumerFacts& one = all.emplace_back();
                             std::tie(one.consumer, one.name, one.next, one.delivery, one.settled,
                                      one.terms.ack_wait, one.terms.attempts, one.terms.window,
                                      one.under_way, one.given_up) = *std::move(row);
                             return {};
                         })
              : bound;
    return read ? Stored<std::vector<ConsumerFacts>>(std::move(all))
                : Stored<std::vector<ConsumerFacts>>(read.error());
}

// By halves: dates never fall as positions rise.
Stored<std::int64_t> position_of(noa::sqlite::Database& database, const StreamFacts& stream,
                                 Millis since) {
    auto probe = database.prepare(
        "SELECT key, at FROM entries WHERE key >= ? AND key <= ? ORDER BY key LIMIT 1");
    if (!probe) {
        return probe.error();
    }
    std::int64_t low = 1;
    std::int64_t high = stream.last + 1;
    while (low < high) {
        const std::int64_t middle = low + (high - low) / 2;
        auto found = probe->first<std::int64_t, Millis>(key_of(stream.stream, middle),
                                                        key_of(stream.stream, stream.last));
        if (!found) {
            return found.error();
        }
        if (!*found || std::get<1>(**found) >= since) {
            high = middle;
        } else {
            low = std::get<0>(**found) - key_of(stream.stream, 0) + 1;
        }
    }
    return low;
}

Stored<std::vector<Entry>> read_entries(noa::sqlite::Database& database, const StreamFacts& stream,
                                        std::int64_t position, std::int64_t count,
                                        std::int64_t bytes, std::uint64_t largest) {
    auto select = database.prepare(
        "SELECT key, at, sender, ifnull(id, ''), encoding, body FROM entries WHERE key >= ? AND "
        "key <= ? ORDER BY key LIMIT ?");
    auto bound = select ? select->bind(key_of(stream.stream, position),
                                       key_of(stream.stream, stream.last), count)
                        : Stored<>(select.error());
    if (!bound) {
        return bound.error();
    }
    std::vector<Entry> all;
    for (std::int64_t left = bytes; left > 0;) {
        auto more = select->step();
        if (!more || !*more) {
            return more ? Stored<std::vector<Entry>>(std::move(all))
                        : Stored<std::vector<Entry>>(more.error());
        }
        auto row = select->row<std::int64_t, Millis, std::string, std::string, std::int64_t,
                               noa::sqlite::Blob>();
        if (!row) {
            return row.error();
        }
        auto& [key, at, sender, id, encoding, blob] = *row;
        auto body = unpacked(encoding, blob, largest);
        if (!body) {
            return body.error();
        }
        left -= static_cast<std::int64_t>(body->size());
        all.push_back({key - key_of(stream.stream, 0), at, std::move(sender), std::move(id),
                       *std::move(body), 0, 0});
    }
    return all;
}

} // namespace communication
