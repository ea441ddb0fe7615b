// Drafts on the disk: the connection that commits.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../model/text.hpp"
#include "noa/sdk/sqlite_worker.hpp"
#include "rows.hpp"

namespace drafting {

class Store;

struct JournalRow {
    std::string draft;
    Version version = 0;
    Update update;
};

// What is committed at once, in the order of its members.
struct Batch {
    std::vector<JournalRow> rows;
    std::vector<std::function<Stored<>(Store&)>> steps;
    [[nodiscard]] bool empty() const noexcept { return rows.empty() && steps.empty(); }
};

struct Quotas {
    std::int64_t drafts = 0;
    std::int64_t author = 0;
    std::int64_t total = 0;
};

// A remark about a place in a text.
struct Comment {
    std::int64_t number = 0;
    Version version = 0; // in which it is from `first` to `last`
    Position first = 0;
    Position last = 0;
    std::string told; // JSON: the rest
};

struct Revision {
    std::int64_t number = 0;
    Version version = 0;
    std::string author;
    Millis at = 0;
    std::string message;
    std::string told; // all that, as JSON
};

// A text that is put down.
struct Checkpoint {
    std::string id;
    std::string title;
    Version version = 0;
    Text text;
    std::int64_t words = 0;
    Millis updated = 0;
    bool keyframe = false;
    std::vector<Comment> comments; // as they are in that version
};

class Store {
public:
    // SQLITE_NOTADB, SQLITE_CORRUPT: it is damaged.
    [[nodiscard]] static Stored<Store> open(const std::string& path);
    Store(Store&&) = default;
    Store& operator=(Store&&) = default;

    // All of it, or nothing: on the disk when it returns.
    [[nodiscard]] Stored<> commit(const Batch& batch);

    // The steps of a batch. Each within its transaction.
    //
    // False where there is one of that id, unless it came of the same `cause`: made before. Whether
    // quotas allow it is in `ret_refused`, a word on which one is used up.
    [[nodiscard]] Stored<bool> create(const Draft& draft, const std::string& cause,
                                      const Text& text, const Quotas& quotas,
                                      std::string& ret_refused);
    [[nodiscard]] Stored<> put(const Draft& draft);
    [[nodiscard]] Stored<> put(const Checkpoint& checkpoint);
    [[nodiscard]] Stored<> put(const std::string& draft, const Comment& comment);
    [[nodiscard]] Stored<> put(const std::string& draft, const Revision& revision);
    // Joins changes of the journal that are before `before`: those in a row of one author, within
    // `step` of one another, none beyond a revision or a text that is kept. How many went.
    [[nodiscard]] Stored<std::int64_t> compact(const std::string& id, Millis before, Millis step);
    // Forgets the oldest changes where all of them have more than `most` bytes: to the half of it,
    // or nearly, by the texts that are kept.
    [[nodiscard]] Stored<> trim(const std::string& id, std::int64_t most);
    [[nodiscard]] Stored<> drop(const std::string& id);

    [[nodiscard]] int log_frames() const noexcept { return log_length_->frames(); }
    [[nodiscard]] noa::sqlite::Database& database() noexcept { return database_; }

private:
    explicit Store(noa::sqlite::Database database) : database_(std::move(database)) {}
    Stored<> prepare();
    Stored<> write(const JournalRow& row);
    Stored<> put_tags(const Draft& draft);
    Stored<> put_search(const std::string& id, const std::string& title, std::string_view body);
    Stored<> unindex(const std::string& id);
    Stored<std::string> searched(const std::string& id);
    Stored<std::string> used_up(const Draft& draft, const Text& text, const Quotas& quotas);

    noa::sqlite::Database database_;
    std::optional<noa::sqlite::Statement> put_row_;
    std::optional<noa::sqlite::LogLength> log_length_; // there once it is open
};

} // namespace drafting
