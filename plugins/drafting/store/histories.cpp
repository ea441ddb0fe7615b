// What the journal tells of the past, and how it stays small.
#include <algorithm>
#include <optional>
#include <set>

#include "../versions/blame.hpp"
#include "noa/sdk/json.hpp"
#include "reader.hpp"

namespace drafting {

namespace {

constexpr std::size_t most_joined = 64U << 10U; // bytes that one change inserts
constexpr std::int64_t rows_at_once = 2000;

Stored<std::string> first_text(noa::sqlite::Database& database, std::string_view sql,
                               const std::string& one, Millis two) {
    std::string out;
    auto read = each_row(
        database, sql,
        [&out](const noa::sqlite::Statement& row) -> Stored<> {
            auto text = row.get<std::string>(0);
            out = text ? *text : "";
            return text ? Stored<>() : Stored<>(text.error());
        },
        one, two);
    return read ? Stored<std::string>(std::move(out)) : Stored<std::string>(read.error());
}

// A change that is there, and what it was joined of.
struct Joined {
    Version since = 0;
    Version version = 0;
    Update update;
    ChangeSet changes;
    std::int64_t rows = 1;
};

bool may_join(const Joined& one, const Joined& next, const std::set<Version>& kept, Millis step) {
    return one.version == next.since && one.update.author == next.update.author &&
           one.update.client == next.update.client && next.update.at - one.update.at <= step &&
           !kept.contains(one.version) &&
           one.changes.inserted_bytes() + next.changes.inserted_bytes() <= most_joined;
}

Stored<Joined> joined_of(const noa::sqlite::Statement& row) {
    auto read = row.row<Version, Version, std::string, std::string, Millis, std::int64_t,
                        noa::sqlite::Blob>();
    auto text =
        read ? unpack(std::get<5>(*read), std::get<6>(*read)) : Stored<std::string>(read.error());
    if (!text) {
        return text.error();
    }
    auto changes = ChangeSet::parse(noa::Json::parse(*text, nullptr, false));
    if (!changes) {
        return noa::sqlite::Error{SQLITE_CORRUPT, changes.error().text, "journal"};
    }
    return Joined{std::get<1>(*read),
                  std::get<0>(*read),
                  {std::get<2>(*read), std::get<3>(*read), std::get<4>(*read), ""},
                  *std::move(changes)};
}

} // namespace

Stored<History> Reader::history(const std::string& id, Version before, std::int64_t limit) {
    History found;
    auto read = each_row(
        database_,
        "SELECT version, since, author, at FROM journal WHERE draft = ?1 AND (?2 = 0 OR version < "
        "?2) ORDER BY version DESC LIMIT ?3",
        [&found](const noa::sqlite::Statement& row) -> Stored<> {
            auto one = row.row<Version, Version, std::string, Millis>();
            if (!one) {
                return one.error();
            }
            auto& [version, since, author, at] = *one;
            found.changes.push_back({since, version, std::move(author), at});
            return {};
        },
        id, before, limit);
    read = read ? each_row(
                      database_,
                      "SELECT told FROM revisions WHERE draft = ?1 AND (?2 = 0 OR version < ?2) "
                      "ORDER BY number DESC LIMIT ?3",
                      [&found](const noa::sqlite::Statement& row) -> Stored<> {
                          auto told = row.get<std::string>(0);
                          if (!told) {
                              return told.error();
                          }
                          found.revisions.push_back(*std::move(told));
                          return {};
                      },
                      id, before, limit)
                : read;
    return read ? Stored<History>(std::move(found)) : Stored<History>(read.error());
}

Stored<std::vector<Blamed>> Reader::blame(const std::string& id, Version version) {
    auto draft = this->draft(id);
    Version first = 0;
    auto oldest = each_row(
        database_, "SELECT min(version) FROM keyframes WHERE draft = ?",
        [&first](const noa::sqlite::Statement& row) -> Stored<> {
            auto one = row.get<std::optional<Version>>(0);
            first = one ? one->value_or(0) : 0;
            return one ? Stored<>() : Stored<>(one.error());
        },
        id);
    auto text =
        draft && oldest ? text_at(id, first) : Stored<Text>(draft ? oldest.error() : draft.error());
    if (!text || !*draft) {
        return text ? Stored<std::vector<Blamed>>(std::vector<Blamed>())
                    : Stored<std::vector<Blamed>>(text.error());
    }
    std::vector<Past> past{{first, first, (*draft)->author, (*draft)->created}};
    Blame blame(text->units());
    Text now = *std::move(text);
    auto read = read_changes(id, first, version, [&](const Change& change) -> Stored<bool> {
        auto set = ChangeSet::parse(noa::Json::parse(change.update.changes, nullptr, false));
        auto next = set ? set->apply(now) : noa::Result<Text>(set.error());
        if (!next) {
            return noa::sqlite::Error{SQLITE_CORRUPT, "draft " + id + ": " + next.error().text,
                                      "journal"};
        }
        blame.apply(*set, static_cast<std::uint32_t>(past.size()));
        past.push_back({change.since, change.version, change.update.author, change.update.at});
        now = *std::move(next);
        return true;
    });
    if (!read) {
        return read.error();
    }
    std::vector<Blamed> all;
    std::size_t line = 0;
    std::uint32_t last = UINT32_MAX;
    for (const std::uint32_t number : blame.lines(now.str())) {
        ++line;
        if (number == last) {
            ++all.back().lines;
        } else {
            all.push_back({line, 1, past[number]});
            last = number;
        }
    }
    return all;
}

Stored<std::string> Reader::next_with_changes(const std::string& after, Millis before) {
    return first_text(database_,
                      "SELECT id FROM documents d WHERE id > ? AND EXISTS(SELECT 1 FROM journal j "
                      "WHERE j.draft = d.id AND j.at < ?) ORDER BY id LIMIT 1",
                      after, before);
}

Stored<std::int64_t> Store::compact(const std::string& id, Millis before, Millis step) {
    std::set<Version> kept;
    auto read = each_row(
        database_,
        "SELECT version FROM revisions WHERE draft = ?1 UNION SELECT version FROM keyframes WHERE "
        "draft = ?1 UNION SELECT version FROM comments WHERE draft = ?1 UNION SELECT version FROM "
        "texts WHERE draft = ?1 UNION SELECT origin_version FROM documents WHERE origin = ?1 UNION "
        "SELECT merged FROM documents WHERE id = ?1",
        [&kept](const noa::sqlite::Statement& row) -> Stored<> {
            auto version = row.get<Version>(0);
            kept.insert(version ? *version : 0);
            return version ? Stored<>() : Stored<>(version.error());
        },
        id);
    std::vector<Joined> all;
    const auto take = [&](const noa::sqlite::Statement& row) -> Stored<> {
        auto next = joined_of(row);
        if (!next) {
            return next.error();
        }
        if (!all.empty() && may_join(all.back(), *next, kept, step)) {
            auto both = all.back().changes.compose(next->changes);
            if (both) {
                all.back().changes = *std::move(both);
                all.back().version = next->version;
                all.back().update.at = next->update.at;
                ++all.back().rows;
                return {};
            }
        }
        all.push_back(*std::move(next));
        return {};
    };
    read = read ? each_row(database_,
                           "SELECT version, since, client, author, at, encoding, changes FROM "
                           "journal WHERE draft = ?1 AND at < ?2 AND version <= (SELECT version "
                           "FROM texts WHERE draft = ?1) ORDER BY version LIMIT ?3",
                           take, id, before, rows_at_once)
                : read;
    std::int64_t gone = 0;
    for (std::size_t at = 0; read && at < all.size(); ++at) {
        const Joined& one = all[at];
        if (one.rows == 1) {
            continue;
        }
        const Packed packed = pack(one.changes.json());
        read =
            done(database_, "DELETE FROM journal WHERE draft = ? AND version > ? AND version <= ?",
                 id, one.since, one.version);
        read = read ? done(database_, "INSERT INTO journal VALUES(?, ?, ?, ?, ?, ?, ?, ?)", id,
                           one.version, one.since, one.update.client, one.update.author,
                           one.update.at, packed.encoding, bytes_of(packed.bytes))
                    : read;
        gone += one.rows - 1;
    }
    return read ? Stored<std::int64_t>(gone) : Stored<std::int64_t>(read.error());
}

Stored<> Store::trim(const std::string& id, std::int64_t most) {
    // The newest text behind which no more than half of that came; else that of now.
    constexpr std::string_view place =
        "SELECT version, body FROM (SELECT k.version, k.body, (SELECT ifnull(sum(length(changes)), "
        "0) FROM journal j WHERE j.draft = ?1 AND j.version > k.version) AS behind FROM (SELECT "
        "version, body FROM keyframes WHERE draft = ?1 UNION ALL SELECT version, CAST(body AS "
        "BLOB) "
        "FROM texts WHERE draft = ?1) k) WHERE behind <= ?2 / 2 AND (SELECT "
        "ifnull(sum(length(changes)), 0) FROM journal WHERE draft = ?1) > ?2 ORDER BY version "
        "LIMIT 1";
    std::optional<Version> from;
    noa::sqlite::Blob body;
    auto done_so_far = each_row(
        database_, place,
        [&](const noa::sqlite::Statement& row) -> Stored<> {
            auto both = row.row<Version, noa::sqlite::Blob>();
            if (!both) {
                return both.error();
            }
            from = std::get<0>(*both);
            body = std::get<1>(*both);
            return {};
        },
        id, most);
    if (!done_so_far || !from) {
        return done_so_far;
    }
    done_so_far = done(database_, "INSERT OR IGNORE INTO keyframes VALUES(?, ?, ?)", id, *from,
                       std::span<const std::byte>(body));
    for (const char* table : {"keyframes WHERE draft = ? AND version < ?",
                              "journal WHERE draft = ? AND version <= ?"}) {
        done_so_far = done_so_far ? done(database_, std::string("DELETE FROM ") + table, id, *from)
                                  : done_so_far;
    }
    return done_so_far;
}

} // namespace drafting
