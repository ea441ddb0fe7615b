#include "reader.hpp"

#include "noa/sdk/sqlite_store.hpp"
#include "rows.hpp"

namespace communication {

namespace {

constexpr std::string_view record_columns = ", settled_at, duration_us, ifnull(error, '')";
constexpr int first_of_record = 22; // behind message_columns

Stored<Record> record_of(const noa::sqlite::Statement& row) {
    auto message = message_of(row);
    auto settled = row.get<Millis>(first_of_record);
    auto duration = row.get<std::int64_t>(first_of_record + 1);
    auto error = row.get<std::string>(first_of_record + 2);
    if (!message || !settled || !duration || !error) {
        return !message    ? message.error()
               : !settled  ? settled.error()
               : !duration ? duration.error()
                           : error.error();
    }
    return Record{*std::move(message), *settled, *duration, *std::move(error)};
}

// The one condition that an index serves best, and the rest as filters.
std::string sql_of(const ListQuery& query) {
    std::string sql = "SELECT " + std::string(message_columns) + std::string(record_columns) +
                      " FROM messages WHERE (?1 = '' OR recipient = ?1) AND (?2 = '' OR sender = "
                      "?2) AND (?3 = '' OR conversation = ?3) AND (?4 < 0 OR state = ?4) AND "
                      "(?5 = 0 OR seq < ?5)";
    if (!query.conversation.empty()) {
        sql += " AND conversation = ?3";
    } else if (query.state && *query.state != State::acked) {
        sql += " AND state <> 2 AND state = ?4";
    } else if (!query.recipient.empty()) {
        sql += " AND recipient = ?1";
    } else if (!query.sender.empty()) {
        sql += " AND sender = ?2";
    }
    return sql + " ORDER BY seq DESC LIMIT ?6";
}

} // namespace

Stored<Reader> Reader::open(const std::string& path, std::uint64_t largest_body) {
    auto database = noa::sqlite::Database::open(path, {.read_only = true});
    if (!database) {
        return noa::sqlite::with_advice(database.error());
    }
    Reader reader(*std::move(database), largest_body);
    auto body = reader.database_.prepare("SELECT encoding, body FROM bodies WHERE seq = ?");
    if (!body) {
        return noa::sqlite::with_advice(body.error());
    }
    reader.body_.emplace(*std::move(body));
    return reader;
}

Stored<std::vector<Record>> Reader::list(const ListQuery& query) {
    auto select = database_.prepare(sql_of(query));
    if (!select) {
        return select.error();
    }
    const int state = query.state ? static_cast<int>(*query.state) : -1;
    std::vector<Record> records;
    auto bound = select->bind(query.recipient, query.sender, query.conversation, state,
                              query.before, query.limit);
    auto read = bound ? each_row(*select,
                                 [&records](noa::sqlite::Statement& row) -> Stored<> {
                                     auto record = record_of(row);
                                     if (!record) {
                                         return record.error();
                                     }
                                     records.push_back(*std::move(record));
                                     return {};
                                 })
                      : bound;
    if (!read) {
        return read.error();
    }
    return records;
}

Stored<std::optional<Life>> Reader::show(const std::string& id) {
    auto select =
        database_.prepare("SELECT " + std::string(message_columns) + std::string(record_columns) +
                          " FROM messages WHERE " +
                          (id.starts_with('#') ? "seq = CAST(substr(?, 2) AS INTEGER)" : "id = ?") +
                          " ORDER BY seq DESC LIMIT 1");
    auto attempts = database_.prepare(
        "SELECT seq, number, at, duration_us, status, error FROM attempts WHERE seq = ?");
    auto bound = !select ? Stored<>(select.error()) : select->bind(id);
    auto found = !bound      ? Stored<bool>(bound.error())
                 : !attempts ? Stored<bool>(attempts.error())
                             : select->step();
    if (!found || !*found) {
        return found ? Stored<std::optional<Life>>(std::nullopt)
                     : Stored<std::optional<Life>>(found.error());
    }
    auto record = record_of(*select);
    auto text = record ? body(record->message->seq) : Stored<std::string>(record.error());
    if (!text) {
        return text.error();
    }
    Life life{*std::move(record), *std::move(text), {}};
    bound = attempts->bind(life.record.message->seq);
    bound =
        bound ? each_row(
                    *attempts,
                    [&life](noa::sqlite::Statement& at) -> Stored<> {
                        auto row = at.row<Seq, std::uint32_t, Millis, std::int64_t, std::int32_t,
                                          std::string>();
                        if (!row) {
                            return row.error();
                        }
                        auto& [seq, number, when, took, status, why] = *row;
                        life.attempts.push_back({seq, number, when, took, status, std::move(why)});
                        return {};
                    })
              : bound;
    if (!bound) {
        return bound.error();
    }
    return std::optional<Life>(std::move(life));
}

Stored<std::string> Reader::body(Seq seq) {
    auto row = body_->first<std::int64_t, noa::sqlite::Blob>(seq);
    if (!row || !*row) {
        return row ? noa::sqlite::Error{SQLITE_CORRUPT, "its body is gone", "message"}
                   : row.error();
    }
    return unpacked(std::get<0>(**row), std::get<1>(**row), largest_);
}

} // namespace communication
