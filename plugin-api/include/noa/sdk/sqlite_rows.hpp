// Statements run to their end, and rows one by one, where only whether it went well is of interest.
// Included by whoever wants it, on top of noa/sdk/sqlite.hpp; found by their arguments.
//
//     auto written = done(database, "DELETE FROM entries WHERE key = ?", key);
//     auto read = each_row(database, "SELECT key FROM entries",
//                          [&keys](const noa::sqlite::Statement& row) { … return Result<>(); });
#pragma once

#include <string_view>
#include <utility>

#include "noa/sdk/sqlite.hpp"

namespace noa::sqlite {

// Binds and runs: what is otherwise a count.
template <class... Args>
[[nodiscard]] Result<> done(Statement& statement, const Args&... values) {
    auto run = statement.run(values...);
    return run ? Result<>() : Result<>(run.error());
}
// The same of a statement that is rare.
template <class... Args>
[[nodiscard]] Result<> done(Database& database, std::string_view sql, const Args&... values) {
    auto statement = database.prepare(sql);
    return statement ? done(*statement, values...) : Result<>(statement.error());
}

// `take(statement)`, a Result<>, for each row of what is bound; the first error ends it.
template <class Take>
[[nodiscard]] Result<> each_row(Statement& select, Take&& take) {
    for (;;) {
        auto more = select.step();
        if (!more) {
            return more.error();
        }
        if (!*more) {
            return {};
        }
        if (Result<> taken = take(select); !taken) {
            return taken;
        }
    }
}
template <class Take, class... Args>
[[nodiscard]] Result<> each_row(Database& database, std::string_view sql, Take&& take,
                                const Args&... values) {
    auto select = database.prepare(sql);
    if (!select) {
        return select.error();
    }
    auto bound = select->bind(values...);
    return bound ? each_row(*select, std::forward<Take>(take)) : bound;
}

} // namespace noa::sqlite
