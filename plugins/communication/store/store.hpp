// Messages on the disk: the connection that commits.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../model/message.hpp"
#include "noa/sdk/sqlite_worker.hpp"

namespace communication {

template <class T = void>
using Stored = noa::sqlite::Result<T>;

struct GroupEdit {
    std::string name;
    std::string members; // a JSON array of texts; empty: the group goes
    std::string author;
    Millis at = 0;
};

class Streams;
// Compiled once, by the literal that they were.
using StreamStatements = std::map<const char*, noa::sqlite::Statement>;
// What is done to streams; in order, in the transaction of the rest.
using StreamStep = std::function<Stored<>(Streams&)>;

// What is committed at once.
struct Batch {
    // Owned until it is committed; then they are on their way.
    std::vector<MessagePtr> accepted;
    std::vector<std::string> causes; // of each: what it was asked for by, 16 bytes and a number
    std::vector<Attempt> attempts;
    std::vector<Settlement> settlements;
    std::vector<GroupEdit> groups;
    std::vector<StreamStep> steps;

    [[nodiscard]] bool empty() const noexcept {
        return accepted.empty() && attempts.empty() && settlements.empty() && groups.empty() &&
               steps.empty();
    }
};

struct StoreLimits {
    std::uint64_t compress_above = 4096;     // bytes of a body
    std::uint64_t largest_body = 10U << 20U; // when it is unpacked
};

// What duplicates are known by.
struct Known {
    std::string sender;
    std::string id;
    std::string cause;
};

struct Loaded {
    std::string name; // of the store
    Seq last = 0;
    Millis newest = 0;
    std::vector<MessagePtr> open; // in order, their bodies at rest
    std::map<std::string, std::string> groups;
    std::vector<Known> known;
};

// Replay and expiry of what was given up.
struct DeadQuery {
    std::vector<std::string> ids = {}; // empty: all that the rest says
    std::string recipient = {};        // empty: any
    std::int64_t limit = 1000;
};

class Store {
public:
    [[nodiscard]] static Stored<Store> open(const std::string& path, const StoreLimits& limits);
    Store(Store&&) = default;
    Store& operator=(Store&&) = default;

    // What is open, and what came since `known_since`, the newest `most_known`.
    [[nodiscard]] Stored<Loaded> load(Millis known_since, std::uint64_t most_known);

    // All of it, or nothing: on the disk when it returns.
    [[nodiscard]] Stored<> commit(const Batch& batch);

    // Of messages that were given up: waiting again, as when they came; or gone for good.
    [[nodiscard]] Stored<std::vector<MessagePtr>> replay(const DeadQuery& query, Millis at);
    [[nodiscard]] Stored<std::int64_t> expire(const DeadQuery& query, Millis at);

    // Takes away the oldest that are settled: `most` at a time. How many went.
    [[nodiscard]] Stored<std::int64_t> forget(Millis before, Seq through, std::int64_t most);

    // Frames in the write-ahead log after the last commit.
    [[nodiscard]] int log_frames() const noexcept { return log_length_->frames(); }

    [[nodiscard]] noa::sqlite::Database& database() noexcept { return database_; }

private:
    struct Statements {
        noa::sqlite::Statement put_message;
        noa::sqlite::Statement put_body;
        noa::sqlite::Statement put_text;
        noa::sqlite::Statement put_flag;
        noa::sqlite::Statement put_attempt;
        noa::sqlite::Statement settle;
        noa::sqlite::Statement put_group;
        noa::sqlite::Statement drop_group;
    };
    Store(noa::sqlite::Database database, const StoreLimits& limits)
        : database_(std::move(database)), limits_(limits) {}
    Stored<> prepare();
    Stored<> write(const Message& message, const std::string& cause);
    Stored<> write_body(const Message& message);
    Stored<> write(const Settlement& settlement);
    Stored<> write(const GroupEdit& edit);
    Stored<> write_all(const Batch& batch);
    Stored<> load_open(Loaded& loaded);
    Stored<> load_known(Loaded& loaded, Millis since, std::uint64_t most);
    Stored<std::vector<Seq>> dead(const DeadQuery& query);

    noa::sqlite::Database database_;
    StoreLimits limits_;
    std::string packed_; // a body, compressed
    std::optional<Statements> statements_;
    StreamStatements stream_statements_;
    std::optional<noa::sqlite::LogLength> log_length_; // there once it is open
};

// Puts a store that is damaged aside, with its log, under a name that says when; the name.
[[nodiscard]] std::optional<std::string> put_aside(const std::string& path, Millis now);

} // namespace communication
