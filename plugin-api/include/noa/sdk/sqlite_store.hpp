// A store as an agent opens it: looked at after an end that was not clean, migrated, or refused
// with what to do. Nothing is overwritten, moved or repaired. Included by whoever wants it, on top
// of noa/sdk/sqlite.hpp.
//
//     auto database = noa::sqlite::open_store(state_dir + "/config.db", migrations);
//     if (!database) return database.error().failure();
#pragma once

#include <sys/stat.h>

#include <array>
#include <cstdio>
#include <stop_token>
#include <string>
#include <string_view>

#include "noa/sdk/sqlite.hpp"

namespace noa::sqlite {

// What an operator does about an error of a store; empty where its text says all.
[[nodiscard]] inline std::string_view advice(const Error& error) noexcept {
    switch (error.code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return "another program has it open for writing: end that one, then retry";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "it is as it was found: restore a backup over it, or move it and its -wal away to "
               "begin anew";
    case SQLITE_FULL: return "free space on its file system";
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN: return "look at the owner and mode of the file and its directory";
    case SQLITE_IOERR: return "look at its disk; the log of the kernel has more";
    default: return {};
    }
}

[[nodiscard]] inline Error with_advice(Error error) {
    if (const std::string_view what = advice(error); !what.empty()) {
        error.text.append("; ").append(what);
    }
    return error;
}

// True when the last connection did not end by a close: the log is still there and not empty.
[[nodiscard]] inline bool ended_unclean(const std::string& path) noexcept {
    struct stat found {};
    return ::stat((path + "-wal").c_str(), &found) == 0 && found.st_size > 0;
}

// An empty file, or none, is one in the making.
[[nodiscard]] inline bool is_database(const std::string& path) noexcept {
    std::array<char, 16> head{};
    std::FILE* file = std::fopen(path.c_str(), "rbe");
    if (file == nullptr) {
        return true;
    }
    const std::size_t read = std::fread(head.data(), 1, head.size(), file);
    static_cast<void>(std::fclose(file));
    return read == 0 ||
           std::string_view(head.data(), read) == std::string_view("SQLite format 3", head.size());
}

// Opened, whole, and with every expanding migration applied. An Error has advice in its text.
// After an unclean end every page is read (quick_check), so that a damaged store is refused here
// and not found out later.
inline Result<Database> open_store(const std::string& path, std::span<const Migration> known,
                                   const Options& options = {}) {
    // Looked at before SQLite does, which would drop the log of a file that it does not know.
    if (!is_database(path)) {
        return with_advice({SQLITE_NOTADB, "file is not a database", path});
    }
    const bool look = ended_unclean(path);
    auto database = Database::open(path, options);
    if (!database) {
        return with_advice(database.error());
    }
    if (look) {
        auto check = database->prepare("PRAGMA quick_check(1)");
        auto found = check ? check->first<std::string>()
                           : Result<std::optional<std::tuple<std::string>>>(check.error());
        if (!found) {
            return with_advice(found.error());
        }
        if (!*found || std::get<0>(**found) != "ok") {
            return with_advice(
                {SQLITE_CORRUPT, *found ? std::get<0>(**found) : "not to be read", path});
        }
    }
    if (auto applied = migrate_up(*database, known); !applied) {
        return with_advice(applied.error());
    }
    return database;
}

// A copy of a store, as a backup restores it, for BackupHooks::validate_with: it is there, every
// page of it is whole, and this program may run on its schema. Nothing is applied to it.
inline sdk::Status check_store(const std::string& path, std::span<const Migration> known,
                               const std::stop_token& stop) {
    constexpr int steps = 10'000; // of SQLite's machine, between two looks at `stop`
    auto database = Database::open(path, {.read_only = true});
    if (database) {
        sqlite3_progress_handler(
            database->handle(), steps,
            [](void* token) {
                return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
            },
            const_cast<std::stop_token*>(&stop));
    }
    auto whole = database ? database->integrity_check() : Result<>(database.error());
    if (!whole) {
        return whole.error().failure();
    }
    auto table = database->prepare("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migrations'");
    auto found = table ? table->step() : Result<bool>(table.error());
    if (!found) {
        return found.error().failure();
    }
    if (!*found) {
        return sdk::invalid(path + ": it is a database, but no store of an agent");
    }
    auto applied = migrations_checked(*database, known);
    return applied ? sdk::Status() : sdk::Status(applied.error().failure());
}

} // namespace noa::sqlite
