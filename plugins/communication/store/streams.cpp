#include "streams.hpp"

#include <algorithm>
#include <span>

#include "rows.hpp"
#include "streams_run.hpp"

namespace communication {

namespace {

constexpr std::int64_t most_streams = 10'000;
constexpr std::int64_t most_ever = std::int64_t{1} << 22U; // keys have room for no more
constexpr std::int64_t trimmed_at_once = 100;              // for each append

std::span<const std::byte> blob_of(std::string_view text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

std::string known_by(std::int64_t stream, const NewEntry& entry) {
    std::string key(reinterpret_cast<const char*>(&stream), sizeof stream);
    return key += entry.id.empty() ? "c" + entry.key : "i" + entry.id;
}

} // namespace

Stored<noa::sqlite::Statement*> Streams::prepared(const char* sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        auto made = database_.prepare(sql);
        if (!made) {
            return made.error();
        }
        found = statements_.emplace(sql, *std::move(made)).first;
    }
    return &found->second;
}

Told<StreamFacts> Streams::find(const std::string& name) {
    auto row = first<std::int64_t, std::int64_t, Millis, std::int64_t, std::int64_t, Millis,
                     std::int64_t, std::int64_t>(
        "SELECT stream, last, last_at, entries, bytes, max_age, max_count, max_bytes FROM streams "
        "WHERE name = ?",
        name);
    if (!row) {
        return row.error();
    }
    if (!*row) {
        return refused<StreamFacts>(noa::not_found("/stream: there is none of the name " + name));
    }
    StreamFacts one;
    one.name = name;
    std::tie(one.stream, one.last, one.last_at, one.entries, one.bytes, one.retention.age,
             one.retention.count, one.retention.bytes) = **row;
    return noa::Result<StreamFacts>(std::move(one));
}

Told<StreamFacts> Streams::find_or_begin(const std::string& name, const Retention& retention,
                                         Millis at) {
    auto found = find(name);
    if (!found || *found || (*found).error().status != NOA_E_NOT_FOUND) {
        return found;
    }
    auto count =
        first<std::int64_t, std::int64_t>("SELECT count(*), ifnull(max(stream), 0) FROM streams");
    if (!count) {
        return count.error();
    }
    const auto& [streams, newest] = **count;
    if (streams >= most_streams || newest >= most_ever) {
        return refused<StreamFacts>(noa::busy("/stream: 10,000 are all there may be"));
    }
    auto put = run("INSERT INTO streams(name, last, last_at, entries, bytes, max_age, max_count, "
                   "max_bytes, created) VALUES(?, 0, 0, 0, 0, ?, ?, ?, ?)",
                   name, retention.age, retention.count, retention.bytes, at);
    if (!put) {
        return put.error();
    }
    return find(name);
}

Told<Appended> Streams::append(const Append& append) {
    auto found = find_or_begin(append.stream, append.retention, append.at);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return refused<Appended>((*found).error());
    }
    StreamFacts& stream = **found;
    stream.last_at = std::max(stream.last_at, append.at); // dates never fall as positions rise
    Appended appended;
    for (const NewEntry& entry : append.entries) {
        const std::int64_t before = stream.last;
        auto position = put(stream, append, entry);
        if (!position) {
            return position.error();
        }
        appended.duplicates += stream.last == before ? 1 : 0;
        appended.positions.push_back(*position);
    }
    auto trimmed =
        trim(stream, append.at, trimmed_at_once + static_cast<std::int64_t>(append.entries.size()));
    auto saved = trimmed ? save(stream) : Stored<>(trimmed.error());
    return saved ? Told<Appended>(noa::Result<Appended>(std::move(appended)))
                 : Told<Appended>(saved.error());
}

// Its position: of the first of its kind, should it be there already.
Stored<std::int64_t> Streams::put(StreamFacts& stream, const Append& append,
                                  const NewEntry& entry) {
    const std::string known = known_by(stream.stream, entry);
    auto same = first<std::int64_t>("SELECT key FROM entries WHERE known_by = ?", blob_of(known));
    if (!same) {
        return same.error();
    }
    if (*same) {
        return std::get<0>(**same) - key_of(stream.stream, 0);
    }
    const bool small = entry.body.size() > limits_.compress_above && pack(entry.body, packed_);
    const std::string& body = small ? packed_ : entry.body;
    auto put = run("INSERT INTO entries VALUES(?, ?, ?, nullif(?, ''), ?, ?, ?)",
                   key_of(stream.stream, stream.last + 1), stream.last_at, append.sender, entry.id,
                   blob_of(known), small ? 1 : 0, blob_of(body));
    if (!put) {
        return put.error();
    }
    ++stream.entries;
    stream.bytes += static_cast<std::int64_t>(body.size());
    return ++stream.last;
}

Stored<> Streams::save(const StreamFacts& stream) {
    auto saved = run("UPDATE streams SET last = ?, last_at = ?, entries = ?, bytes = ? "
                     "WHERE stream = ?",
                     stream.last, stream.last_at, stream.entries, stream.bytes, stream.stream);
    return saved ? Stored<>() : Stored<>(saved.error());
}

Told<bool> Streams::set(const std::string& name, const Retention& retention, Millis at) {
    auto found = find_or_begin(name, retention, at);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return refused<bool>((*found).error());
    }
    auto set = run("UPDATE streams SET max_age = ?, max_count = ?, max_bytes = ? WHERE stream = ?",
                   retention.age, retention.count, retention.bytes, (**found).stream);
    return set ? Told<bool>(noa::Result<bool>(true)) : Told<bool>(set.error());
}

Told<bool> Streams::drop(const std::string& name) {
    auto found = find(name);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return refused<bool>((*found).error());
    }
    auto consumers = list_consumers(database_, (**found).stream);
    for (std::size_t at = 0; consumers && at < consumers->size(); ++at) {
        auto gone = drop_consumer(name, (*consumers)[at].name);
        if (!gone) {
            return gone.error();
        }
    }
    auto unnamed = run("UPDATE streams SET name = NULL WHERE name = ?", name);
    return unnamed && consumers ? Told<bool>(noa::Result<bool>(true))
                                : Told<bool>(consumers ? unnamed.error() : consumers.error());
}

Stored<std::int64_t> Streams::sweep(Millis at, std::int64_t most) {
    auto all = list_streams(database_, "");
    std::int64_t gone = 0;
    for (std::size_t turn = 0; all && turn < all->size(); ++turn) {
        StreamFacts& stream = (*all)[turn];
        auto trimmed = trim(stream, at, most);
        if (!trimmed) {
            return trimmed;
        }
        gone += *trimmed;
        if (*trimmed > 0) {
            if (auto saved = save(stream); !saved) {
                return saved.error();
            }
        }
        if (stream.name.empty() && stream.entries == 0) {
            auto over = run("DELETE FROM streams WHERE stream = ?", stream.stream);
            if (!over) {
                return over;
            }
        }
    }
    return all ? Stored<std::int64_t>(gone) : Stored<std::int64_t>(all.error());
}

Stored<std::int64_t> Streams::trim(StreamFacts& stream, Millis at, std::int64_t most) {
    const Retention& keep = stream.retention;
    const auto over = [&](Millis date) {
        return stream.name.empty() || (keep.age > 0 && date < at - keep.age) ||
               (keep.count > 0 && stream.entries > keep.count) ||
               (keep.bytes > 0 && stream.bytes > keep.bytes);
    };
    // Without a limit of age there may be nothing to look at.
    if (stream.entries == 0 || (keep.age == 0 && !over(at))) {
        return 0;
    }
    auto select = prepared("SELECT key, at, length(body) FROM entries WHERE key > ? AND key <= ? "
                           "ORDER BY key LIMIT ?");
    auto bound =
        select ? (*select)->bind(key_of(stream.stream, 0), key_of(stream.stream, stream.last), most)
               : Stored<>(select.error());
    std::int64_t through = 0;
    std::int64_t gone = 0;
    auto read = bound ? each_row(**select,
                                 [&](noa::sqlite::Statement& at_row) -> Stored<> {
                                     auto row = at_row.row<std::int64_t, Millis, std::int64_t>();
                                     if (!row) {
                                         return row.error();
                                     }
                                     const auto& [key, date, bytes] = *row;
                                     if (!over(date)) { // nor is any that follows
                                         return {};
                                     }
                                     through = key;
                                     ++gone;
                                     --stream.entries;
                                     stream.bytes -= bytes;
                                     return {};
                                 })
                      : bound;
    if (!read || gone == 0) {
        return read ? Stored<std::int64_t>(0) : Stored<std::int64_t>(read.error());
    }
    auto entries =
        run("DELETE FROM entries WHERE key > ? AND key <= ?", key_of(stream.stream, 0), through);
    auto pending = entries ? run("DELETE FROM pending WHERE consumer IN (SELECT consumer FROM "
                                 "consumers WHERE stream = ?) AND position <= ?",
                                 stream.stream, through - key_of(stream.stream, 0))
                           : entries;
    return pending ? Stored<std::int64_t>(gone) : pending;
}

} // namespace communication
