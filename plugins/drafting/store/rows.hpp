// What the connections of the store share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../model/draft.hpp"
#include "noa/sdk/sqlite.hpp"

namespace drafting {

template <class T = void>
using Stored = noa::sqlite::Result<T>;

// Runs to the end: a Stored<> of what is otherwise a count.
template <class... Args>
Stored<> done(noa::sqlite::Statement& statement, const Args&... values) {
    auto run = statement.run(values...);
    return run ? Stored<>() : Stored<>(run.error());
}
// The same of a statement that is rare.
template <class... Args>
Stored<> done(noa::sqlite::Database& database, std::string_view sql, const Args&... values) {
    auto statement = database.prepare(sql);
    return statement ? done(*statement, values...) : Stored<>(statement.error());
}

// Calls `take(statement)`, a Stored<>, for each row of what is bound.
template <class Take>
Stored<> each_row(noa::sqlite::Statement& select, Take&& take) {
    for (;;) {
        auto more = select.step();
        if (!more) {
            return more.error();
        }
        if (!*more) {
            return {};
        }
        if (Stored<> taken = take(select); !taken) {
            return taken;
        }
    }
}
template <class Take, class... Args>
Stored<> each_row(noa::sqlite::Database& database, std::string_view sql, Take&& take,
                  const Args&... values) {
    auto select = database.prepare(sql);
    if (!select) {
        return select.error();
    }
    auto bound = select->bind(values...);
    return bound ? each_row(*select, take) : bound;
}

// NULL in the place of an empty text.
[[nodiscard]] inline std::optional<std::string_view> or_null(const std::string& text) {
    return text.empty() ? std::optional<std::string_view>() : text;
}

// As zstd, where that is worth it: `encoding` 1.
struct Packed {
    int encoding = 0;
    std::string bytes;
};
[[nodiscard]] Packed pack(std::string_view text);
// SQLITE_CORRUPT where it does not unpack, or to more than any text has.
[[nodiscard]] Stored<std::string> unpack(std::int64_t encoding, const noa::sqlite::Blob& stored);
[[nodiscard]] std::span<const std::byte> bytes_of(std::string_view text);

inline constexpr std::string_view draft_columns =
    "id, title, type, author, ifnull(template_id, ''), ifnull(tone, ''), ifnull(audience, ''), "
    "ifnull(metadata, ''), tags, collaborators, others, status, crlf, ifnull(origin, ''), "
    "origin_version, merged, words, bytes, created, updated";
inline constexpr int draft_column_count = 20;
[[nodiscard]] Stored<Draft> draft_of(const noa::sqlite::Statement& row);
// As JSON.
[[nodiscard]] std::string tags_text(const Draft& draft);
[[nodiscard]] std::string collaborators_text(const Draft& draft);

} // namespace drafting
