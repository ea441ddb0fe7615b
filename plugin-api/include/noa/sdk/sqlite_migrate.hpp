// The one migration mechanism of stores: `schema_migrations` in each. Included by
// noa/sdk/sqlite.hpp.
//
// A reload may have to go back: until the new generation is confirmed, the old one must be
// able to live with the schema. So each migration declares what it does to older programs:
//   expand    they run on as before, or may come back (new tables, indices, columns that have a
//             default or may be NULL). Applied by migrate_up, in start.
//   contract  they cannot (drops, renames, new constraints). Skipped by migrate_up; applied by
//             migrate_confirm, in Agent::confirm.
// Both are recorded. A program meets an older schema and takes it further; a newer one that was
// only expanded, and runs on it; a newer one that was contracted, and is refused with words. A
// contracting migration may be applied after later expanding ones: those must not rely on it.
//
//     constexpr noa::sqlite::Migration migrations[] = {
//         {1, "entries", "CREATE TABLE entries(key TEXT PRIMARY KEY, value TEXT) STRICT",
//          "DROP TABLE entries"},
//     };
#pragma once

#include <algorithm>
#include <cstdio>
#include <functional>

#include "noa/sdk/sqlite.hpp"

namespace noa::sqlite {

enum class Phase : std::uint8_t {
    expand,   // programs that do not know it go on; in start
    contract, // they cannot; in confirm
};

struct Migration {
    std::int64_t version; // from 1, ascending; never reused
    std::string_view name;
    std::string_view up;   // SQL, without transaction statements; never changed once released
    std::string_view down; // empty: cannot be undone
    Phase phase = Phase::expand;
};

struct AppliedMigration {
    std::int64_t version = 0;
    std::string name;
    std::string applied_at;   // UTC, RFC 3339
    std::string checksum;     // of `up`
    bool expand_only = false; // of Phase::expand: who does not know it may go on
};

namespace detail {

// FNV-1a: notices an edit, is no protection against intent.
inline std::string checksum_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    char hex[17];
    std::snprintf(hex, sizeof hex, "%016llx", static_cast<unsigned long long>(hash));
    return hex;
}

inline std::string label(std::int64_t version, std::string_view name) {
    return "migration " + std::to_string(version) + " (" + std::string(name) + ")";
}

inline Error schema_error(const Database& database, std::string text) {
    return {SQLITE_SCHEMA, std::move(text), database.path()};
}

inline Result<> check_list(const Database& database, std::span<const Migration> known) {
    std::int64_t last = 0;
    for (const Migration& one : known) {
        if (one.version <= last || one.name.empty() || one.up.empty()) {
            return schema_error(database, label(one.version, one.name) +
                                              ": versions ascend from 1; name and up are set");
        }
        last = one.version;
    }
    return {};
}

inline Result<> make_table(Database& database) {
    return database.execute("CREATE TABLE IF NOT EXISTS schema_migrations("
                            "version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
                            "applied_at TEXT NOT NULL, checksum TEXT NOT NULL, "
                            "expand_only INTEGER NOT NULL) STRICT");
}

inline const Migration* find(std::span<const Migration> known, std::int64_t version) {
    const auto found = std::ranges::find(known, version, &Migration::version);
    return found == known.end() ? nullptr : &*found;
}

// Runs `sql` and the note of it in one transaction that the SQL cannot end by itself.
inline Result<> in_transaction(Database& database, std::string_view sql, const Migration& one,
                               const std::function<Result<>()>& take_note) {
    auto transaction = database.begin();
    if (!transaction) {
        return transaction.error();
    }
    auto done = database.execute("PRAGMA defer_foreign_keys = ON");
    if (done) {
        sqlite3_set_authorizer(
            database.handle(),
            [](void*, int action, const char*, const char*, const char*, const char*) {
                return action == SQLITE_TRANSACTION || action == SQLITE_ATTACH ? SQLITE_DENY
                                                                               : SQLITE_OK;
            },
            nullptr);
        done = database.execute(sql);
        sqlite3_set_authorizer(database.handle(), nullptr, nullptr);
    }
    if (done) {
        done = take_note();
    }
    if (done) {
        done = transaction->commit();
    }
    if (!done) {
        return Error{done.error().code, label(one.version, one.name) + ": " + done.error().text,
                     done.error().context};
    }
    return {};
}

inline Result<> apply(Database& database, const Migration& one) {
    return in_transaction(database, one.up, one, [&]() -> Result<> {
        auto note = database.prepare("INSERT INTO schema_migrations VALUES("
                                     "?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?, ?)");
        if (!note) {
            return note.error();
        }
        auto done =
            note->run(one.version, one.name, checksum_of(one.up), one.phase == Phase::expand);
        return done ? Result<>() : Result<>(done.error());
    });
}

inline Result<> revert(Database& database, const Migration& one) {
    return in_transaction(database, one.down, one, [&]() -> Result<> {
        auto note = database.prepare("DELETE FROM schema_migrations WHERE version = ?");
        if (!note) {
            return note.error();
        }
        auto done = note->run(one.version);
        return done ? Result<>() : Result<>(done.error());
    });
}

} // namespace detail

// What is applied, oldest first. Empty for a store without the table.
inline Result<std::vector<AppliedMigration>> migrations_applied(Database& database) {
    std::vector<AppliedMigration> applied;
    if (auto made = detail::make_table(database); !made) {
        return made.error();
    }
    auto select = database.prepare("SELECT version, name, applied_at, checksum, expand_only "
                                   "FROM schema_migrations ORDER BY version");
    if (!select) {
        return select.error();
    }
    for (;;) {
        auto more = select->step();
        if (!more) {
            return more.error();
        }
        if (!*more) {
            return applied;
        }
        auto row = select->row<std::int64_t, std::string, std::string, std::string, bool>();
        if (!row) {
            return row.error();
        }
        auto& [version, name, applied_at, checksum, expand_only] = *row;
        applied.push_back({version, name, applied_at, checksum, expand_only});
    }
}

// The same, after seeing to it that this program may run on them.
inline Result<std::vector<AppliedMigration>> migrations_checked(Database& database,
                                                                std::span<const Migration> known) {
    if (auto sound = detail::check_list(database, known); !sound) {
        return sound.error();
    }
    auto applied = migrations_applied(database);
    if (!applied) {
        return applied;
    }
    const std::int64_t newest = known.empty() ? 0 : known.back().version;
    for (const AppliedMigration& row : *applied) {
        const Migration* one = detail::find(known, row.version);
        if (one == nullptr && row.version > newest && !row.expand_only) {
            return detail::schema_error(
                database,
                "the schema was contracted by a newer program: " +
                    detail::label(row.version, row.name) + " is applied, " +
                    std::to_string(newest) +
                    " is the newest known; migrate down with the newer program first, or restore "
                    "a backup");
        }
        if (one == nullptr && row.version <= newest) {
            return detail::schema_error(database, detail::label(row.version, row.name) +
                                                      " is applied but not known");
        }
        if (one != nullptr && detail::checksum_of(one->up) != row.checksum) {
            return detail::schema_error(
                database, detail::label(row.version, row.name) +
                              " was changed after it was applied: checksum " + row.checksum +
                              " in the store, " + detail::checksum_of(one->up) + " here");
        }
    }
    return applied;
}

// What is known and not applied, in order.
inline Result<std::vector<Migration>> migrations_pending(Database& database,
                                                         std::span<const Migration> known) {
    auto applied = migrations_checked(database, known);
    if (!applied) {
        return applied.error();
    }
    std::vector<Migration> pending;
    for (const Migration& one : known) {
        if (std::ranges::find(*applied, one.version, &AppliedMigration::version) ==
            applied->end()) {
            pending.push_back(one);
        }
    }
    return pending;
}

namespace detail {

inline Result<int> apply_pending(Database& database, std::span<const Migration> known,
                                 bool contracting_too) {
    auto pending = migrations_pending(database, known);
    if (!pending) {
        return pending.error();
    }
    int count = 0;
    for (const Migration& one : *pending) {
        if (one.phase == Phase::contract && !contracting_too) {
            continue;
        }
        if (auto done = apply(database, one); !done) {
            return done.error();
        }
        ++count;
    }
    return count;
}

} // namespace detail

// Applies what only expands, each in its own transaction; returns how many. An error leaves
// those before it applied and nothing of the one that failed.
inline Result<int> migrate_up(Database& database, std::span<const Migration> known) {
    return detail::apply_pending(database, known, false);
}

// Applies all that is pending, what contracts too, each in its own transaction; returns how many.
// From the first that contracts, programs that do not know it are refused. An error leaves those
// before it applied; the next confirm goes on from there.
inline Result<int> migrate_confirm(Database& database, std::span<const Migration> known) {
    return detail::apply_pending(database, known, true);
}

// Undoes everything above `version`, newest first; returns how many. Nothing is undone when
// one of them is not known or has no `down`.
inline Result<int> migrate_down(Database& database, std::span<const Migration> known,
                                std::int64_t version) {
    auto applied = migrations_checked(database, known);
    if (!applied) {
        return applied.error();
    }
    std::vector<Migration> undo;
    for (const AppliedMigration& row : *applied) {
        const Migration* one = detail::find(known, row.version);
        if (row.version > version && (one == nullptr || one->down.empty())) {
            return detail::schema_error(
                database, detail::label(row.version, row.name) +
                              " cannot be undone: " + (one == nullptr ? "not known" : "no down"));
        }
        if (row.version > version) {
            undo.insert(undo.begin(), *one);
        }
    }
    for (const Migration& one : undo) {
        if (auto done = detail::revert(database, one); !done) {
            return done.error();
        }
    }
    return static_cast<int>(undo.size());
}

} // namespace noa::sqlite
