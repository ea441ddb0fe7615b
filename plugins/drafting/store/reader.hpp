// What is read of the store, on a connection of its own that holds up no commit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../model/change_set.hpp"
#include "store.hpp"

namespace drafting {

// A row of the journal.
struct Change {
    Version since = 0;
    Version version = 0;
    Update update;
};

struct Loaded {
    Draft draft;
    Text text;
    Version version = 0;
    Version saved = 0;          // of the text that was put down
    std::vector<Change> recent; // the last ones, in order, without a gap
    std::vector<Comment> comments;
    std::int64_t revisions = 0;
};

struct ListQuery {
    std::optional<Status> status = std::nullopt;
    std::string type = {}; // empty: any; and so on
    std::string author = {};
    std::string tag = {};
    Millis before = 0; // a page goes on from here; 0: from the newest
    std::string behind = {};
    std::int64_t limit = 20;
};

struct Found {
    Draft draft;
    std::string snippet;
};

// A change, without what it changes.
struct Past {
    Version since = 0;
    Version version = 0;
    std::string author;
    Millis at = 0;
};
struct History {
    std::vector<std::string> revisions; // as they are told, the newest first
    std::vector<Past> changes;          // the newest first
};
// Lines in a row that are of one change.
struct Blamed {
    std::size_t line = 0; // the first, from 1
    std::size_t lines = 0;
    Past change;
};

class Reader {
public:
    [[nodiscard]] static Stored<Reader> open(const std::string& path);

    // None: there is no such draft.
    [[nodiscard]] Stored<std::optional<Loaded>> load(const std::string& id);
    [[nodiscard]] Stored<std::optional<Draft>> draft(const std::string& id);
    // Of all texts, as they were put down.
    [[nodiscard]] Stored<std::int64_t> total_bytes();
    // The last changed first.
    [[nodiscard]] Stored<std::vector<Draft>> list(const ListQuery& query);
    // Those that have all of `words`, the best first.
    [[nodiscard]] Stored<std::vector<Found>> search(const std::string& words,
                                                    const ListQuery& query);

    // Changes after `since`, in order; `bytes` of them, one at least where there is one.
    [[nodiscard]] Stored<std::vector<Change>> changes(const std::string& id, Version since,
                                                      Version until, std::int64_t limit,
                                                      std::size_t bytes);
    [[nodiscard]] Stored<History> history(const std::string& id, Version before,
                                          std::int64_t limit);
    [[nodiscard]] Stored<std::vector<Blamed>> blame(const std::string& id, Version version);
    // The id of the next draft, in their order, that has changes before `before`; empty: none.
    [[nodiscard]] Stored<std::string> next_with_changes(const std::string& after, Millis before);
    // SQLITE_NOTFOUND where no text of just that version can be had any more.
    [[nodiscard]] Stored<Text> text_at(const std::string& id, Version version);

    [[nodiscard]] noa::sqlite::Database& database() noexcept { return database_; }

private:
    explicit Reader(noa::sqlite::Database database) : database_(std::move(database)) {}
    Stored<Text> replayed(const std::string& id, Text text, Version from, Version to,
                          Loaded* ret_loaded);
    Stored<> read_changes(const std::string& id, Version since, Version until,
                          const std::function<Stored<bool>(Change)>& take);

    noa::sqlite::Database database_;
};

} // namespace drafting
