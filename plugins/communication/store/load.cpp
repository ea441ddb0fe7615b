// What a store is opened with, and what is done to messages that were given up.
#include <algorithm>
#include <utility>

#include "noa/sdk/sqlite_store.hpp"
#include "rows.hpp"

namespace communication {

namespace {

std::string text_of(const noa::sqlite::Blob& blob) {
    return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}

} // namespace

Stored<Loaded> Store::load(Millis known_since, std::uint64_t most_known) {
    Loaded loaded;
    auto facts = database_.prepare(
        "SELECT (SELECT value FROM facts WHERE key = 'store'), ifnull(max(seq), 0), "
        "ifnull((SELECT created_at FROM messages ORDER BY seq DESC LIMIT 1), 0) FROM messages");
    auto found = facts ? facts->first<std::string, Seq, Millis>()
                       : Stored<std::optional<std::tuple<std::string, Seq, Millis>>>(facts.error());
    if (!found || !*found) {
        return found ? noa::sqlite::Error{SQLITE_CORRUPT, "facts is empty", database_.path()}
                     : found.error();
    }
    std::tie(loaded.name, loaded.last, loaded.newest) = **found;
    auto groups = database_.prepare("SELECT name, members FROM groups");
    if (!groups) {
        return groups.error();
    }
    auto read = each_row(*groups, [&loaded](noa::sqlite::Statement& at) -> Stored<> {
        auto row = at.row<std::string, std::string>();
        if (!row) {
            return row.error();
        }
        loaded.groups.emplace(std::move(std::get<0>(*row)), std::move(std::get<1>(*row)));
        return {};
    });
    read = read ? load_open(loaded) : read;
    read = read ? load_known(loaded, known_since, most_known) : read;
    if (!read) {
        return read.error();
    }
    return loaded;
}

Stored<> Store::load_open(Loaded& loaded) {
    auto select = database_.prepare("SELECT " + std::string(message_columns) +
                                    " FROM messages INDEXED BY messages_status "
                                    "WHERE state <> 2 AND state < 2");
    if (!select) {
        return select.error();
    }
    auto all = each_row(*select, [&loaded](noa::sqlite::Statement& row) -> Stored<> {
        auto message = message_of(row);
        if (!message) {
            return message.error();
        }
        (*message)->recovered = true;
        loaded.open.push_back(*std::move(message));
        return {};
    });
    std::ranges::sort(loaded.open, {}, [](const MessagePtr& one) { return one->seq; });
    return all;
}

Stored<> Store::load_known(Loaded& loaded, Millis since, std::uint64_t most) {
    auto select = database_.prepare("SELECT sender, ifnull(id, ''), ifnull(cause, x''), created_at "
                                    "FROM messages ORDER BY seq DESC LIMIT ?");
    if (!select) {
        return select.error();
    }
    if (auto bound = select->bind(most); !bound) {
        return bound;
    }
    bool older = false;
    while (!older) {
        auto more = select->step();
        if (!more || !*more) {
            return more ? Stored<>() : Stored<>(more.error());
        }
        auto row = select->row<std::string, std::string, noa::sqlite::Blob, Millis>();
        if (!row) {
            return row.error();
        }
        auto& [sender, id, cause, at] = *row;
        older = at < since;
        loaded.known.push_back({std::move(sender), std::move(id), text_of(cause)});
    }
    return {};
}

// By the sender's id, or by the store's name for it, of which `#` is all that is left: its seq.
Stored<std::vector<Seq>> Store::dead(const DeadQuery& query) {
    std::vector<Seq> found;
    const auto add = [&found](noa::sqlite::Statement& row) -> Stored<> {
        auto seq = row.get<Seq>(0);
        if (!seq) {
            return seq.error();
        }
        found.push_back(*seq);
        return {};
    };
    auto by_id = database_.prepare("SELECT seq FROM messages WHERE id = ?1 AND state IN (3, 4, 5) "
                                   "UNION SELECT seq FROM messages WHERE seq = "
                                   "CASE WHEN ?1 GLOB '#*' THEN CAST(substr(?1, 2) AS INTEGER) END "
                                   "AND state IN (3, 4, 5)");
    auto all = database_.prepare("SELECT seq FROM messages WHERE state <> 2 AND state = 3 "
                                 "AND (?1 = '' OR recipient = ?1) ORDER BY seq LIMIT ?2");
    if (!by_id || !all) {
        return by_id ? all.error() : by_id.error();
    }
    Stored<> outcome;
    for (std::size_t at = 0; outcome && at < query.ids.size(); ++at) {
        outcome = by_id->bind(query.ids[at]);
        outcome = outcome ? each_row(*by_id, add) : outcome;
    }
    if (outcome && query.ids.empty()) {
        outcome = all->bind(query.recipient, query.limit);
        outcome = outcome ? each_row(*all, add) : outcome;
    }
    if (!outcome) {
        return outcome.error();
    }
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

Stored<std::vector<MessagePtr>> Store::replay(const DeadQuery& query, Millis at) {
    auto seqs = dead(query);
    auto reopen = database_.prepare(
        "UPDATE messages SET state = 0, attempts = 0, due_at = ?, deadline = 0, settled_at = 0, "
        "error = NULL WHERE seq = ?");
    auto select = database_.prepare("SELECT " + std::string(message_columns) +
                                    " FROM messages WHERE seq = ?");
    auto transaction = database_.begin();
    if (!seqs || !reopen || !select || !transaction) {
        return !seqs     ? seqs.error()
               : !reopen ? reopen.error()
               : !select ? select.error()
                         : transaction.error();
    }
    std::vector<MessagePtr> messages;
    for (const Seq seq : *seqs) {
        auto changed = reopen->run(at, seq);
        auto bound = changed ? select->bind(seq) : Stored<>(changed.error());
        auto found = bound ? select->step() : Stored<bool>(bound.error());
        auto message = !found ? Stored<MessagePtr>(found.error()) : message_of(*select);
        if (!message) {
            return noa::sqlite::with_advice(message.error());
        }
        messages.push_back(*std::move(message));
    }
    if (auto committed = transaction->commit(); !committed) {
        return noa::sqlite::with_advice(committed.error());
    }
    return messages;
}

Stored<std::int64_t> Store::expire(const DeadQuery& query, Millis at) {
    auto seqs = dead(query);
    auto close = database_.prepare("UPDATE messages SET state = 4, settled_at = ? WHERE seq = ?");
    auto transaction = database_.begin();
    if (!seqs || !close || !transaction) {
        return !seqs ? seqs.error() : !close ? close.error() : transaction.error();
    }
    for (const Seq seq : *seqs) {
        if (auto changed = close->run(at, seq); !changed) {
            return noa::sqlite::with_advice(changed.error());
        }
    }
    if (auto committed = transaction->commit(); !committed) {
        return noa::sqlite::with_advice(committed.error());
    }
    return static_cast<std::int64_t>(seqs->size());
}

Stored<std::int64_t> Store::forget(Millis before, Seq through, std::int64_t most) {
    auto select = database_.prepare("SELECT seq FROM messages WHERE (created_at < ?1 OR seq <= ?2) "
                                    "AND state >= 2 AND seq <= (SELECT min(seq) + ?3 * 4 FROM "
                                    "messages) AND seq < (SELECT max(seq) FROM messages) "
                                    "ORDER BY seq LIMIT ?3"); // the newest says what is next
    if (!select) {
        return select.error();
    }
    std::vector<Seq> gone;
    auto bound = select->bind(before, through, most);
    auto read = bound ? each_row(*select,
                                 [&gone](noa::sqlite::Statement& row) -> Stored<> {
                                     auto seq = row.get<Seq>(0);
                                     if (!seq) {
                                         return seq.error();
                                     }
                                     gone.push_back(*seq);
                                     return {};
                                 })
                      : bound;
    if (!read || gone.empty()) {
        return read ? Stored<std::int64_t>(0) : Stored<std::int64_t>(read.error());
    }
    auto transaction = database_.begin();
    if (!transaction) {
        return transaction.error();
    }
    for (const char* sql :
         {"DELETE FROM messages WHERE seq = ?", "DELETE FROM bodies WHERE seq = ?",
          "DELETE FROM attempts WHERE seq = ?", "DELETE FROM conversation_text WHERE rowid = ?",
          "DELETE FROM flags WHERE seq = ?"}) {
        auto remove = database_.prepare(sql);
        for (std::size_t at = 0; remove && at < gone.size(); ++at) {
            if (auto run = remove->run(gone[at]); !run) {
                return run.error();
            }
        }
        if (!remove) {
            return remove.error();
        }
    }
    auto committed = transaction->commit();
    return committed ? Stored<std::int64_t>(static_cast<std::int64_t>(gone.size()))
                     : Stored<std::int64_t>(committed.error());
}

} // namespace communication
