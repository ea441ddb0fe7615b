// Streams on the disk: entries that stay, and consumers that have a place among them each. Nothing
// of it is in memory: what a crash leaves is what was committed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store.hpp"

namespace communication {

// Refused for a reason that is the asker's; a Stored<> error is the store's own.
template <class T>
using Told = Stored<noa::Result<T>>;

// What is kept; 0: no limit.
struct Retention {
    Millis age = 0;
    std::int64_t count = 0;
    std::int64_t bytes = 0;
};

struct NewEntry {
    std::string key;  // what it is known by, should it come again
    std::string id;   // empty: none
    std::string body; // JSON
};
struct Append {
    std::string stream;
    std::string sender;
    std::vector<NewEntry> entries;
    Retention retention; // of a stream that this begins
    Millis at = 0;
};
struct Appended {
    std::vector<std::int64_t> positions;
    std::int64_t duplicates = 0;
};

// Where a consumer begins, or a page.
struct From {
    enum class Kind : std::uint8_t { first, next, position, date };
    Kind kind = Kind::first;
    std::int64_t value = 0;
};

struct ConsumerTerms {
    Millis ack_wait = 30'000;
    std::int64_t attempts = 5;
    std::int64_t window = 1000; // entries given out that are not settled
};

struct Entry {
    std::int64_t position = 0;
    Millis at = 0;
    std::string sender;
    std::string id;
    std::string body;
    std::int64_t delivery = 0; // of a consumer; never the same twice
    std::int64_t attempt = 0;
};

struct TakeTerms {
    std::string stream;
    std::string consumer;
    std::int64_t count = 1;
    std::int64_t bytes = 8 << 20; // of bodies, but for the first
    Millis at = 0;
};
struct Takings {
    std::vector<Entry> entries;
    Millis next = 0;           // when one is due again; 0: none is
    std::int64_t given_up = 0; // after their last attempt, now
};

enum class Verdict : std::uint8_t { ack, nak, progress, term };
struct Ruling {
    std::string stream;
    std::string consumer;
    std::vector<std::pair<std::int64_t, std::int64_t>> items; // position, delivery
    Verdict verdict = Verdict::ack;
    Millis delay = 0; // of nak
    Millis at = 0;
};

struct StreamFacts {
    std::int64_t stream = 0;
    std::string name;
    std::int64_t last = 0; // position
    Millis last_at = 0;
    std::int64_t entries = 0;
    std::int64_t bytes = 0;
    Retention retention;
};
struct ConsumerFacts {
    std::int64_t consumer = 0;
    std::string name;
    std::int64_t next = 0; // position
    std::int64_t delivery = 0;
    std::int64_t settled = 0;
    ConsumerTerms terms;
    std::int64_t under_way = 0;
    std::int64_t given_up = 0;
};

// On the connection that commits, within a transaction of its owner; does not outlive that.
class Streams {
public:
    Streams(noa::sqlite::Database& database, const StoreLimits& limits,
            StreamStatements& statements)
        : database_(database), limits_(limits), statements_(statements) {}

    [[nodiscard]] Told<Appended> append(const Append& append);
    // Of one that there is, or a new one.
    [[nodiscard]] Told<bool> set(const std::string& name, const Retention& retention, Millis at);
    // Out of sight at once; `sweep` takes its entries away.
    [[nodiscard]] Told<bool> drop(const std::string& name);
    // What retention no longer keeps, `most` entries of each stream. How many went.
    [[nodiscard]] Stored<std::int64_t> sweep(Millis at, std::int64_t most);

    // A new one begins at `from`; one that there is keeps its place.
    [[nodiscard]] Told<bool> set_consumer(const std::string& stream, const std::string& name,
                                          const From& from, const ConsumerTerms& terms);
    [[nodiscard]] Told<bool> drop_consumer(const std::string& stream, const std::string& name);
    // What is under way is over, and what comes next begins there.
    [[nodiscard]] Told<std::int64_t> seek(const std::string& stream, const std::string& name,
                                          const From& from);
    // What is due again first, then what comes next.
    [[nodiscard]] Told<Takings> take(const TakeTerms& terms);
    // The positions whose delivery is over.
    [[nodiscard]] Told<std::vector<std::int64_t>> settle(const Ruling& ruling);

private:
    struct Place {
        StreamFacts stream;
        ConsumerFacts consumer;
    };
    // Compiled once. `sql` is a literal.
    Stored<noa::sqlite::Statement*> prepared(const char* sql);
    template <class... Args>
    Stored<std::int64_t> run(const char* sql, const Args&... values);
    template <class... Columns, class... Args>
    Stored<std::optional<std::tuple<Columns...>>> first(const char* sql, const Args&... values);

    Told<StreamFacts> find(const std::string& name);
    Told<StreamFacts> find_or_begin(const std::string& name, const Retention& retention, Millis at);
    Stored<std::int64_t> put(StreamFacts& stream, const Append& append, const NewEntry& entry);
    Stored<> save(const StreamFacts& stream);
    Stored<std::int64_t> trim(StreamFacts& stream, Millis at, std::int64_t most);
    Told<Place> find_consumer(const std::string& stream, const std::string& name);
    Stored<std::int64_t> start_of(const StreamFacts& stream, const From& from);
    Stored<> take_again(Place& place, const TakeTerms& terms, Takings& ret_takings);
    Stored<> take_new(Place& place, const TakeTerms& terms, Takings& ret_takings);

    noa::sqlite::Database& database_;
    const StoreLimits& limits_;
    StreamStatements& statements_;
    std::string packed_; // a body, compressed
};

// On any connection.
[[nodiscard]] Stored<std::vector<StreamFacts>> list_streams(noa::sqlite::Database& database,
                                                            const std::string& name);
[[nodiscard]] Stored<std::vector<ConsumerFacts>> list_consumers(noa::sqlite::Database& database,
                                                                std::int64_t stream);
// The first entry at that position or after it, that is not older than `since`; last + 1: none.
[[nodiscard]] Stored<std::int64_t> position_of(noa::sqlite::Database& database,
                                               const StreamFacts& stream, Millis since);
[[nodiscard]] Stored<std::vector<Entry>> read_entries(noa::sqlite::Database& database,
                                                      const StreamFacts& stream,
                                                      std::int64_t position, std::int64_t count,
                                                      std::int64_t bytes, std::uint64_t largest);

// Entries of a stream have keys of their own range: in the order of their positions.
inline constexpr std::int64_t positions_of_a_stream = std::int64_t{1} << 40U;
[[nodiscard]] constexpr std::int64_t key_of(std::int64_t stream, std::int64_t position) noexcept {
    return stream * positions_of_a_stream + position;
}

} // namespace communication
