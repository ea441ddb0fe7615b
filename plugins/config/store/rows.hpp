// Statements of the store, run to their end.
#pragma once

#include "store.hpp"

namespace config {

// Runs to the end: a Stored<> of what is otherwise a count.
template <class... Args>
[[nodiscard]] Stored<> done(noa::sqlite::Statement& statement, const Args&... values) {
    auto run = statement.run(values...);
    return run ? Stored<>() : Stored<>(run.error());
}

// Calls `take(statement)` for each row; it returns a Stored<>.
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

} // namespace config
