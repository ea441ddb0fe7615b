#include "reader.hpp"

#include "noa/sdk/json.hpp"
#include "noa/sdk/sqlite_store.hpp"

namespace drafting {

namespace {

constexpr std::size_t recent_kept = 256;

noa::sqlite::Error damaged(const std::string& id, std::string what) {
    return {SQLITE_CORRUPT, "draft " + id + ": " + std::move(what), "journal"};
}

Stored<Change> change_of(const noa::sqlite::Statement& row) {
    auto read = row.row<Version, Version, std::string, std::string, Millis, std::int64_t,
                        noa::sqlite::Blob>();
    if (!read) {
        return read.error();
    }
    Change change;
    std::int64_t encoding = 0;
    noa::sqlite::Blob packed;
    std::tie(change.version, change.since, change.update.client, change.update.author,
             change.update.at, encoding, packed) = *std::move(read);
    auto changes = unpack(encoding, packed);
    if (!changes) {
        return changes.error();
    }
    change.update.changes = *std::move(changes);
    return change;
}

Stored<ChangeSet> parsed(const std::string& id, const std::string& changes) {
    auto set = ChangeSet::parse(noa::Json::parse(changes, nullptr, false));
    return set ? Stored<ChangeSet>(*std::move(set))
               : Stored<ChangeSet>(damaged(id, set.error().text));
}

// "two words" for FTS5: each a word by itself, whatever is in it.
std::string quoted(const std::string& words) {
    std::string out;
    for (std::size_t at = 0; at < words.size();) {
        const std::size_t end = std::min(words.find_first_of(" \t\n", at), words.size());
        if (end > at) {
            out += out.empty() ? "\"" : " \"";
            for (const char letter : words.substr(at, end - at)) {
                out += letter == '"' ? "\"\"" : std::string(1, letter);
            }
            out += '"';
        }
        at = end + 1;
    }
    return out;
}

constexpr const char* filters =
    " (?1 < 0 OR status = ?1) AND (?2 = '' OR type = ?2) AND (?3 = '' OR author = ?3) AND "
    "(?4 = '' OR EXISTS(SELECT 1 FROM tags WHERE tag = ?4 AND draft = id)) ";

} // namespace

Stored<Reader> Reader::open(const std::string& path) {
    auto database = noa::sqlite::Database::open(path, {.read_only = true});
    if (!database) {
        return noa::sqlite::with_advice(database.error());
    }
    return Reader(*std::move(database));
}

Stored<> Reader::read_changes(const std::string& id, Version since, Version until,
                              const std::function<Stored<bool>(Change)>& take) {
    auto select = database_.prepare(
        "SELECT version, since, client, author, at, encoding, changes FROM journal "
        "WHERE draft = ? AND version > ? AND version <= ? ORDER BY version");
    if (!select) {
        return select.error();
    }
    if (auto bound = select->bind(id, since, until); !bound) {
        return bound;
    }
    for (;;) {
        auto more = select->step();
        if (!more || !*more) {
            return more ? Stored<>() : Stored<>(more.error());
        }
        auto change = change_of(*select);
        auto on = change ? take(*std::move(change)) : Stored<bool>(change.error());
        if (!on || !*on) {
            return on ? Stored<>() : Stored<>(on.error());
        }
    }
}

Stored<Text> Reader::replayed(const std::string& id, Text text, Version from, Version to,
                              Loaded* ret_loaded) {
    Version at = from;
    auto read = read_changes(id, from, to, [&](const Change& change) -> Stored<bool> {
        if (change.since != at) {
            return damaged(id, "a gap after version " + std::to_string(at));
        }
        auto set = parsed(id, change.update.changes);
        if (!set) {
            return set.error();
        }
        auto next = set->apply(text);
        if (!next) {
            return damaged(id,
                           "version " + std::to_string(change.version) + ": " + next.error().text);
        }
        text = *std::move(next);
        at = change.version;
        if (ret_loaded != nullptr) {
            for (Comment& comment : ret_loaded->comments) {
                if (comment.version < at) {
                    comment.first = set->map_position(comment.first, false);
                    comment.last = std::max(set->map_position(comment.last, true), comment.first);
                    comment.version = at;
                }
            }
            ret_loaded->draft.updated = std::max(ret_loaded->draft.updated, change.update.at);
        }
        return true;
    });
    if (!read) {
        return read.error();
    }
    if (ret_loaded != nullptr) {
        ret_loaded->version = at;
    } else if (at != to) {
        return noa::sqlite::Error{SQLITE_NOTFOUND,
                                  "there is no text of version " + std::to_string(to) +
                                      " any more: it was joined with later ones",
                                  "journal"};
    }
    return text;
}

Stored<std::optional<Draft>> Reader::draft(const std::string& id) {
    std::optional<Draft> draft;
    auto read = each_row(
        database_, "SELECT " + std::string(draft_columns) + " FROM documents WHERE id = ?",
        [&draft](const noa::sqlite::Statement& row) -> Stored<> {
            auto one = draft_of(row);
            if (!one) {
                return one.error();
            }
            draft = *std::move(one);
            return {};
        },
        id);
    return read ? Stored<std::optional<Draft>>(std::move(draft))
                : Stored<std::optional<Draft>>(read.error());
}

Stored<std::optional<Loaded>> Reader::load(const std::string& id) {
    auto transaction = database_.execute("BEGIN"); // all of it as of one moment
    struct End {
        noa::sqlite::Database& database;
        ~End() { static_cast<void>(database.execute("ROLLBACK")); }
    } const end{database_};
    auto draft = transaction ? this->draft(id) : Stored<std::optional<Draft>>(transaction.error());
    if (!draft || !*draft) {
        return draft ? Stored<std::optional<Loaded>>(std::nullopt)
                     : Stored<std::optional<Loaded>>(draft.error());
    }
    Loaded loaded;
    loaded.draft = **std::move(draft);
    std::string body;
    auto read = each_row(
        database_, "SELECT version, body FROM texts WHERE draft = ?",
        [&](const noa::sqlite::Statement& row) -> Stored<> {
            auto both = row.row<Version, std::string>();
            if (!both) {
                return both.error();
            }
            std::tie(loaded.saved, body) = *std::move(both);
            return {};
        },
        id);
    read =
        read
            ? each_row(
                  database_,
                  "SELECT number, version, first, last, told FROM comments WHERE draft = ?",
                  [&](const noa::sqlite::Statement& row) -> Stored<> {
                      auto one =
                          row.row<std::int64_t, Version, std::int64_t, std::int64_t, std::string>();
                      if (!one) {
                          return one.error();
                      }
                      auto& [number, version, first, last, told] = *one;
                      loaded.comments.push_back({number, version, static_cast<Position>(first),
                                                 static_cast<Position>(last), std::move(told)});
                      return {};
                  },
                  id)
            : read;
    auto text = Text::of(body);
    if (!read || !text) {
        return read ? damaged(id, text.error().text) : read.error();
    }
    auto now = replayed(id, *std::move(text), loaded.saved, INT64_MAX, &loaded);
    if (!now) {
        return now.error();
    }
    loaded.text = *std::move(now);
    const Version since = loaded.version - static_cast<Version>(recent_kept);
    auto recent = changes(id, std::max<Version>(since, 0), loaded.version, recent_kept, 1U << 20U);
    if (!recent) {
        return recent.error();
    }
    // Bounded from its beginning: what is short of the end is of no use.
    if (!recent->empty() && recent->back().version == loaded.version) {
        loaded.recent = *std::move(recent);
    }
    read = each_row(
        database_, "SELECT ifnull(max(number), 0) FROM revisions WHERE draft = ?",
        [&](const noa::sqlite::Statement& row) -> Stored<> {
            auto count = row.get<std::int64_t>(0);
            loaded.revisions = count ? *count : 0;
            return count ? Stored<>() : Stored<>(count.error());
        },
        id);
    return read ? Stored<std::optional<Loaded>>(std::move(loaded))
                : Stored<std::optional<Loaded>>(read.error());
}

Stored<std::vector<Change>> Reader::changes(const std::string& id, Version since, Version until,
                                            std::int64_t limit, std::size_t bytes) {
    std::vector<Change> all;
    std::size_t size = 0;
    auto read = read_changes(id, since, until, [&](Change change) -> Stored<bool> {
        size += change.update.changes.size() + change.update.author.size() + 100;
        if (!all.empty() && size > bytes) {
            return false;
        }
        all.push_back(std::move(change));
        return static_cast<std::int64_t>(all.size()) < limit;
    });
    return read ? Stored<std::vector<Change>>(std::move(all))
                : Stored<std::vector<Change>>(read.error());
}

Stored<Text> Reader::text_at(const std::string& id, Version version) {
    Version from = 0;
    std::string body;
    auto read = each_row(
        database_,
        "SELECT version, body FROM keyframes WHERE draft = ?1 AND version <= ?2 "
        "ORDER BY version DESC LIMIT 1",
        [&](const noa::sqlite::Statement& row) -> Stored<> {
            auto both = row.row<Version, noa::sqlite::Blob>();
            if (!both) {
                return both.error();
            }
            const noa::sqlite::Blob& packed = std::get<1>(*both);
            from = std::get<0>(*both);
            const bool zstd =
                packed.size() >= 4 && packed[0] == std::byte{0x28} && packed[1] == std::byte{0xB5};
            auto unpacked = unpack(zstd ? 1 : 0, packed);
            if (!unpacked) {
                return unpacked.error();
            }
            body = *std::move(unpacked);
            return {};
        },
        id, version);
    auto text = Text::of(body);
    if (!read || !text) {
        return read ? Stored<Text>(damaged(id, text.error().text)) : Stored<Text>(read.error());
    }
    return replayed(id, *std::move(text), from, version, nullptr);
}

Stored<std::int64_t> Reader::total_bytes() {
    std::int64_t bytes = 0;
    auto read = each_row(database_, "SELECT ifnull(sum(bytes), 0) FROM documents",
                         [&bytes](const noa::sqlite::Statement& row) -> Stored<> {
                             auto sum = row.get<std::int64_t>(0);
                             bytes = sum ? *sum : 0;
                             return sum ? Stored<>() : Stored<>(sum.error());
                         });
    return read ? Stored<std::int64_t>(bytes) : Stored<std::int64_t>(read.error());
}

Stored<std::vector<Draft>> Reader::list(const ListQuery& query) {
    std::vector<Draft> all;
    auto read = each_row(
        database_,
        "SELECT " + std::string(draft_columns) + " FROM documents WHERE" + filters +
            "AND (?5 = 0 OR (updated, id) < (?5, ?6)) ORDER BY updated DESC, id DESC LIMIT ?7",
        [&all](const noa::sqlite::Statement& row) -> Stored<> {
            auto one = draft_of(row);
            if (!one) {
                return one.error();
            }
            all.push_back(*std::move(one));
            return {};
        },
        query.status ? static_cast<int>(*query.status) : -1, query.type, query.author, query.tag,
        query.before, query.behind, query.limit);
    return read ? Stored<std::vector<Draft>>(std::move(all))
                : Stored<std::vector<Draft>>(read.error());
}

Stored<std::vector<Found>> Reader::search(const std::string& words, const ListQuery& query) {
    std::vector<Found> all;
    auto read = each_row(
        database_,
        "SELECT " + std::string(draft_columns) +
            ", snippet FROM (SELECT rowid AS key, rank, snippet(draft_text, -1, '', '', '…', 16) "
            "AS snippet FROM draft_text WHERE draft_text MATCH ?5) JOIN texts USING(key) "
            "JOIN documents ON documents.id = texts.draft WHERE" +
            filters + "ORDER BY rank LIMIT ?6",
        [&all](const noa::sqlite::Statement& row) -> Stored<> {
            auto one = draft_of(row);
            auto snippet = row.get<std::string>(draft_column_count);
            if (!one || !snippet) {
                return one ? snippet.error() : one.error();
            }
            all.push_back({*std::move(one), *std::move(snippet)});
            return {};
        },
        query.status ? static_cast<int>(*query.status) : -1, query.type, query.author, query.tag,
        quoted(words), query.limit);
    return read ? Stored<std::vector<Found>>(std::move(all))
                : Stored<std::vector<Found>>(read.error());
}

} // namespace drafting
