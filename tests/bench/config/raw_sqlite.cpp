// The rows that the config agent writes, by SQLite alone: the same tables, statements and bytes,
// so many changes in one transaction.
//
//     noa-config-sqlite FILE CHANGES GROUP DOCUMENTS BYTES
//
// Prints changes a second.
#include <sqlite3.h>

#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>

#include "store/tables.hpp"

namespace noa::bench {

namespace {

void must(int status, sqlite3* database) {
    if (status != SQLITE_OK && status != SQLITE_DONE && status != SQLITE_ROW) {
        throw std::runtime_error(::sqlite3_errmsg(database));
    }
}

class Statement {
public:
    Statement(sqlite3* database, const char* text) : database_(database) {
        must(::sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT, &statement_,
                                  nullptr),
             database);
    }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;
    ~Statement() { ::sqlite3_finalize(statement_); }

    template <class... Args>
    void run(const Args&... values) {
        int at = 0;
        (bind(++at, values), ...);
        must(::sqlite3_step(statement_), database_);
        must(::sqlite3_reset(statement_), database_);
    }

private:
    void bind(int at, const std::string& text) {
        ::sqlite3_bind_text(statement_, at, text.data(), static_cast<int>(text.size()),
                            SQLITE_STATIC);
    }
    void bind(int at, std::int64_t number) { ::sqlite3_bind_int64(statement_, at, number); }

    sqlite3* database_;
    sqlite3_stmt* statement_ = nullptr;
};

struct Order {
    const char* path;
    std::int64_t changes;
    std::int64_t group;
    std::int64_t documents;
    std::size_t bytes;
};

// Texts as long as the agent's.
struct Texts {
    const std::string at = "2026-01-01T00:00:00.000Z";
    const std::string author = "config-caller";
    const std::string layer = "base";
    const std::string kind = "set";
    const std::string none;
    const std::string hash = std::string(64, 'a');
    const std::string message = std::string(32, 'b');
    const std::string value;
    const std::string patch = R"([{"op":"replace","path":"/at","value":123456789012345}])";
    explicit Texts(std::size_t bytes)
        : value(R"({"at":123456789012345,"text":")" + std::string(bytes, 'x') + "\"}") {}
};

class Rows {
public:
    explicit Rows(sqlite3* database) : database_(database) {}

    void change(std::int64_t number, const Order& order, const Texts& texts) {
        const std::int64_t revision = number + 1;
        const std::int64_t version = number / order.documents + 1;
        const std::string name = "d" + std::to_string(number % order.documents);
        document_.run(name, texts.layer, texts.value, version, revision, texts.at, texts.author,
                      texts.none);
        version_.run(revision, name, texts.layer, version, texts.kind, texts.value, texts.patch,
                     texts.hash, texts.at, texts.author, texts.none, texts.message, revision,
                     revision);
        if (version > 10) {
            drop_.run(name, texts.layer, version - 10);
        }
        audit_.run(revision, texts.at, texts.author, texts.kind, name, texts.layer, revision,
                   texts.hash, texts.none, texts.hash);
    }
    void begin() { begin_.run(); }
    void commit(std::int64_t revision) {
        state_.run(revision, std::string("revision"));
        commit_.run();
    }

private:
    sqlite3* database_;
    Statement begin_{database_, "BEGIN IMMEDIATE"};
    Statement commit_{database_, "COMMIT"};
    Statement document_{database_,
                        "INSERT INTO agent_configurations VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON "
                        "CONFLICT(name, environment) DO UPDATE SET config_data = "
                        "excluded.config_data, version = excluded.version, revision = "
                        "excluded.revision, updated_at = excluded.updated_at, updated_by = "
                        "excluded.updated_by, reason = excluded.reason"};
    Statement version_{database_, "INSERT INTO config_versions VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, "
                                  "?, ?, ?, ?, ?)"};
    Statement drop_{database_,
                    "UPDATE config_versions SET config_data = NULL WHERE name = ? AND environment "
                    "= ? AND version <= ? AND config_data IS NOT NULL"};
    Statement audit_{database_, "INSERT INTO audit_log VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"};
    Statement state_{database_, "UPDATE config_state SET value = ? WHERE key = ?"};
};

double rate_of(const Order& order) {
    sqlite3* database = nullptr;
    must(::sqlite3_open(order.path, &database), database);
    const auto execute = [database](const char* text) {
        must(::sqlite3_exec(database, text, nullptr, nullptr, nullptr), database);
    };
    execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    execute(std::string(config::migrations[0].up).c_str());
    double rate = 0;
    {
        Rows rows(database);
        const Texts texts(order.bytes);
        const auto begin = std::chrono::steady_clock::now();
        for (std::int64_t done = 0; done < order.changes;) {
            rows.begin();
            for (std::int64_t in = 0; in < order.group && done < order.changes; ++in) {
                rows.change(done++, order, texts);
            }
            rows.commit(done);
        }
        rate = static_cast<double>(order.changes) /
               std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    }
    ::sqlite3_close(database);
    return rate;
}

} // namespace

} // namespace noa::bench

int main(int count, char** arguments) {
    if (count != 6) {
        std::cerr << "usage: noa-config-sqlite FILE CHANGES GROUP DOCUMENTS BYTES\n";
        return 1;
    }
    try {
        const auto number = [arguments](int at) { return std::stoll(arguments[at]); };
        std::cout << noa::bench::rate_of({arguments[1], number(2), number(3), number(4),
                                          static_cast<std::size_t>(number(5))})
                  << '\n';
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
}
