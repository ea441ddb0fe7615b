// SQLite for agents with a store. Optional: needs libsqlite3 (3.37 or newer).
//
//     auto database = noa::sqlite::Database::open(state_dir + "/cache.db");
//     if (!database) return database.error().failure();
//     auto applied = noa::sqlite::migrate_up(*database, migrations);
//
// Opened in WAL with synchronous FULL: what was committed survives a power cut. Open it in
// start and close it in quiesce, where the agent's state directory is leased. Nothing throws but
// memory exhaustion; every failure is an Error value. A Database and what it made belong to
// one thread at a time.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "noa/sdk/sqlite_statement.hpp"

namespace noa::sqlite {

enum class Durability : std::uint8_t {
    full,   // a commit is on the disk when it returns
    normal, // a power cut may take the last commits; the database stays whole
};

struct Options {
    Durability durability = Durability::full;
    std::chrono::milliseconds busy_timeout{5000}; // wait for another connection's write
    bool read_only = false;
};

// Undone when it dies uncommitted. One at a time; takes the write lock at once, so that a
// conflict shows at begin and not at commit.
class Transaction {
public:
    Transaction(Transaction&& other) noexcept
        : connection_(std::exchange(other.connection_, nullptr)) {}
    Transaction& operator=(Transaction&& other) noexcept {
        std::swap(connection_, other.connection_);
        return *this;
    }
    ~Transaction() { rollback(); }

    // On SQLITE_BUSY it is still open and may be committed again.
    Result<> commit() {
        if (connection_ == nullptr || connection_->handle == nullptr) {
            return Error{SQLITE_MISUSE, "the transaction is over", "COMMIT"};
        }
        const int code = sqlite3_exec(connection_->handle, "COMMIT", nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) {
            return detail::error_of(connection_->handle, code, "COMMIT");
        }
        connection_ = nullptr;
        return {};
    }

    // Also after an error for which SQLite has rolled back by itself.
    void rollback() noexcept {
        if (connection_ != nullptr && connection_->handle != nullptr &&
            sqlite3_get_autocommit(connection_->handle) == 0) {
            sqlite3_exec(connection_->handle, "ROLLBACK", nullptr, nullptr, nullptr);
        }
        connection_ = nullptr;
    }

private:
    friend class Database;
    explicit Transaction(detail::SharedConnection connection)
        : connection_(std::move(connection)) {}

    detail::SharedConnection connection_;
};

class Database {
public:
    // Makes the file, readable by its owner only, when there is none.
    static Result<Database> open(const std::string& path, const Options& options = {}) {
        if (!options.read_only) {
            make_private(path);
        }
        // Not make_shared: it leaves a UNIQUE symbol in a plugin that is built without our flags.
        auto connection = detail::SharedConnection(new detail::Connection);
        const int flags =
            SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE |
            (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
        const int code = sqlite3_open_v2(path.c_str(), &connection->handle, flags, nullptr);
        if (code != SQLITE_OK) {
            return about_file(connection->handle, code, path);
        }
        Database database(std::move(connection), path);
        if (auto ready = database.prepare_connection(options); !ready) {
            return Error{ready.error().code, ready.error().text, path};
        }
        return database;
    }

    Database(Database&& other) noexcept = default;
    Database& operator=(Database&& other) noexcept {
        std::swap(connection_, other.connection_);
        std::swap(path_, other.path_);
        return *this;
    }
    ~Database() { close(); }

    // Finalises every statement, rolls back what is open, folds the WAL into the file.
    void close() noexcept {
        if (connection_ != nullptr) {
            connection_->close();
        }
    }

    Result<Statement> prepare(std::string_view sql) {
        std::string_view rest;
        auto statement = compile(sql, rest);
        if (!statement) {
            return statement.error();
        }
        if (*statement == nullptr || !is_blank(rest)) {
            sqlite3_finalize(*statement);
            return Error{SQLITE_MISUSE, "wanted exactly one statement", detail::masked(sql)};
        }
        return Statement(connection_, *statement);
    }

    // Any number of statements without parameters; rows are discarded.
    Result<> execute(std::string_view sql) {
        while (!is_blank(sql)) {
            std::string_view rest;
            auto compiled = compile(sql, rest);
            if (!compiled) {
                return compiled.error();
            }
            if (*compiled != nullptr) {
                Statement statement(connection_, *compiled);
                if (auto done = statement.run(); !done) {
                    return done.error();
                }
            }
            sql = rest;
        }
        return {};
    }

    Result<Transaction> begin() {
        if (auto begun = execute("BEGIN IMMEDIATE"); !begun) {
            return begun.error();
        }
        return Transaction(connection_);
    }

    [[nodiscard]] std::int64_t last_insert_id() const noexcept {
        return is_open() ? sqlite3_last_insert_rowid(connection_->handle) : 0;
    }

    // Reads every page and index. The Error names the first faults.
    Result<> integrity_check() {
        auto check = prepare("PRAGMA integrity_check(8)");
        if (!check) {
            return check.error();
        }
        std::string faults;
        for (;;) {
            auto more = check->step();
            if (!more) {
                return more.error();
            }
            if (!*more) {
                break;
            }
            auto line = check->get<std::string_view>(0);
            if (line && *line != "ok") {
                faults += (faults.empty() ? "" : "; ") + std::string(*line);
            }
        }
        return faults.empty() ? Result<>() : Result<>(Error{SQLITE_CORRUPT, faults, path_});
    }

    // A consistent copy while others go on reading and writing. Written beside `path` and
    // renamed when it is whole and on the disk: a failure leaves what was there.
    Result<> backup_to(const std::string& path) {
        if (!is_open()) {
            return closed();
        }
        const std::string partial = path + ".partial";
        ::unlink(partial.c_str());
        auto copied = copy_to(partial);
        if (copied && (!sync(partial) || std::rename(partial.c_str(), path.c_str()) != 0 ||
                       !sync(directory_of(path)))) {
            copied = Error{SQLITE_IOERR, "the copy could not be synced and renamed", path};
        }
        if (!copied) {
            ::unlink(partial.c_str());
        }
        return copied;
    }

    [[nodiscard]] bool is_open() const noexcept {
        return connection_ != nullptr && connection_->handle != nullptr;
    }
    // For what is not offered here; NULL when closed. Do not close it.
    [[nodiscard]] sqlite3* handle() const noexcept {
        return is_open() ? connection_->handle : nullptr;
    }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }

private:
    Database(detail::SharedConnection connection, std::string path)
        : connection_(std::move(connection)), path_(std::move(path)) {}

    static Error closed() { return {SQLITE_MISUSE, "the database is closed", "connection"}; }

    static Error about_file(sqlite3* handle, int code, const std::string& path) {
        Error error = detail::error_of(handle, code, "");
        error.context = path;
        return error;
    }

    // Only a new file is opened here: closing one that SQLite has open drops its locks.
    static void make_private(const std::string& path) noexcept {
        const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd >= 0) {
            ::close(fd);
        }
    }

    Result<> prepare_connection(const Options& options) {
        sqlite3* handle = connection_->handle;
        sqlite3_busy_timeout(handle, static_cast<int>(options.busy_timeout.count()));
        sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
        sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
        if (auto set = execute("PRAGMA foreign_keys = ON; PRAGMA cell_size_check = ON"); !set) {
            return set;
        }
        if (options.read_only) {
            return execute("SELECT count(*) FROM sqlite_schema"); // is it a database?
        }
        auto mode = prepare("PRAGMA journal_mode = WAL");
        if (!mode) {
            return mode.error();
        }
        auto answer = mode->first<std::string>();
        if (!answer) {
            return answer.error();
        }
        if (!*answer || std::get<0>(**answer) != "wal") {
            return Error{SQLITE_CANTOPEN, "the file system does not allow WAL", path_};
        }
        return execute(options.durability == Durability::full ? "PRAGMA synchronous = FULL"
                                                              : "PRAGMA synchronous = NORMAL");
    }

    Result<sqlite3_stmt*> compile(std::string_view sql, std::string_view& ret_rest) {
        if (!is_open()) {
            return closed();
        }
        sqlite3_stmt* statement = nullptr;
        const char* tail = nullptr;
        if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
            return Error{SQLITE_TOOBIG, "too long", detail::masked(sql)};
        }
        const int code = sqlite3_prepare_v3(connection_->handle, sql.data(),
                                            static_cast<int>(sql.size()), 0, &statement, &tail);
        if (code != SQLITE_OK) {
            return detail::error_of(connection_->handle, code, sql);
        }
        ret_rest = sql.substr(static_cast<std::size_t>(tail - sql.data()));
        return statement;
    }

    static bool is_blank(std::string_view sql) noexcept {
        return sql.find_first_not_of(" \t\r\n;") == std::string_view::npos;
    }

    Result<> copy_to(const std::string& path) {
        make_private(path);
        detail::Connection target;
        int code = sqlite3_open_v2(path.c_str(), &target.handle,
                                   SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
        if (code != SQLITE_OK) {
            return about_file(target.handle, code, path);
        }
        sqlite3_backup* backup =
            sqlite3_backup_init(target.handle, "main", connection_->handle, "main");
        if (backup == nullptr) {
            return about_file(target.handle, sqlite3_errcode(target.handle), path);
        }
        sqlite3_backup_step(backup, -1);
        code = sqlite3_backup_finish(backup);
        return code == SQLITE_OK ? Result<>() : about_file(target.handle, code, path);
    }

    static std::string directory_of(const std::string& path) {
        const std::size_t slash = path.find_last_of('/');
        return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
    }

    static bool sync(const std::string& path) noexcept {
        const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        const bool synced = fd >= 0 && ::fsync(fd) == 0;
        if (fd >= 0) {
            ::close(fd);
        }
        return synced;
    }

    detail::SharedConnection connection_;
    std::string path_;
};

} // namespace noa::sqlite

#include "noa/sdk/sqlite_migrate.hpp" // IWYU pragma: export
