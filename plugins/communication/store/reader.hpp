// What is read of the store, on a connection of its own that holds up no commit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store.hpp"

namespace communication {

// A message as the store knows it.
struct Record {
    MessagePtr message; // its body at rest
    Millis settled = 0;
    std::int64_t duration_us = 0;
    std::string error;
};
struct Life {
    Record record;
    std::string body;
    std::vector<Attempt> attempts;
};

struct ListQuery {
    std::string recipient = {}; // empty: any; and so on
    std::string sender = {};
    std::string conversation = {};
    std::optional<State> state = std::nullopt;
    Seq before = 0; // a page goes on from here; 0: from the newest
    std::int64_t limit = 20;
};

class Reader {
public:
    [[nodiscard]] static Stored<Reader> open(const std::string& path, std::uint64_t largest_body);

    // The newest first.
    [[nodiscard]] Stored<std::vector<Record>> list(const ListQuery& query);
    // By a sender's id, the newest of it; or by "#" and a seq.
    [[nodiscard]] Stored<std::optional<Life>> show(const std::string& id);
    [[nodiscard]] Stored<std::string> body(Seq seq);

    [[nodiscard]] noa::sqlite::Database& database() noexcept { return database_; }
    [[nodiscard]] std::uint64_t largest_body() const noexcept { return largest_; }

private:
    Reader(noa::sqlite::Database database, std::uint64_t largest)
        : database_(std::move(database)), largest_(largest) {}

    noa::sqlite::Database database_;
    std::uint64_t largest_;
    std::optional<noa::sqlite::Statement> body_; // goes before the database
};

} // namespace communication
