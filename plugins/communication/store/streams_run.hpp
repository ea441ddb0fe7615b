// How Streams runs its statements.
#pragma once

#include <utility>

#include "streams.hpp"

namespace communication {

template <class... Args>
Stored<std::int64_t> Streams::run(const char* sql, const Args&... values) {
    auto statement = prepared(sql);
    return statement ? (*statement)->run(values...) : Stored<std::int64_t>(statement.error());
}

template <class... Columns, class... Args>
Stored<std::optional<std::tuple<Columns...>>> Streams::first(const char* sql,
                                                             const Args&... values) {
    auto statement = prepared(sql);
    if (!statement) {
        return statement.error();
    }
    return (*statement)->template first<Columns...>(values...);
}

template <class T>
Told<T> refused(noa::sdk::Error error) {
    return noa::Result<T>(std::move(error));
}

} // namespace communication
