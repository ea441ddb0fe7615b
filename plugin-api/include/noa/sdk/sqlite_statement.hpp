// Prepared statements with typed parameters and columns. Included by noa/sdk/sqlite.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <vector>

#include "noa/sdk/sqlite_result.hpp"

namespace noa::sqlite {

using Blob = std::vector<std::byte>;

namespace detail {

// One open connection. Closing finalises what was prepared on it; a statement that outlives
// it then finds a closed connection. Those that a virtual table prepares for itself are its own.
struct Connection {
    sqlite3* handle = nullptr;
    std::unordered_set<sqlite3_stmt*> statements;

    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() { close(); }

    void close() noexcept {
        if (handle == nullptr) {
            return;
        }
        for (sqlite3_stmt* statement : statements) {
            sqlite3_finalize(statement);
        }
        statements.clear();
        sqlite3_close(handle);
        handle = nullptr;
    }
};

// Owners: the Database, and each Statement and Transaction made by it; whichever dies last
// frees the memory, the Database alone closes the file before that.
using SharedConnection = std::shared_ptr<Connection>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool never = false;

inline const char* name_of_type(int type) noexcept {
    switch (type) {
    case SQLITE_INTEGER: return "integer";
    case SQLITE_FLOAT: return "real";
    case SQLITE_TEXT: return "text";
    case SQLITE_BLOB: return "blob";
    default: return "null";
    }
}

} // namespace detail

// One SQL statement, compiled once and run often. Belongs to the thread of its Database.
//
//     auto insert = database.prepare("INSERT INTO entries(key, value) VALUES(?, ?)");
//     auto changed = insert->run("colour", 7);
class Statement {
public:
    Statement(Statement&& other) noexcept
        : connection_(std::move(other.connection_)),
          statement_(std::exchange(other.statement_, nullptr)),
          has_row_(std::exchange(other.has_row_, false)) {}
    Statement& operator=(Statement&& other) noexcept {
        std::swap(connection_, other.connection_);
        std::swap(statement_, other.statement_);
        std::swap(has_row_, other.has_row_);
        return *this;
    }
    ~Statement() {
        if (is_open()) {
            connection_->statements.erase(statement_);
            sqlite3_finalize(statement_);
        }
    }

    // Starts anew with these parameters; texts and blobs are copied.
    template <class... Args>
    Result<> bind(const Args&... values) {
        if (!is_open()) {
            return closed();
        }
        sqlite3_reset(statement_);
        has_row_ = false;
        if (static_cast<int>(sizeof...(Args)) != sqlite3_bind_parameter_count(statement_)) {
            return failure(SQLITE_RANGE,
                           "wanted " + std::to_string(sqlite3_bind_parameter_count(statement_)) +
                               " parameters, got " + std::to_string(sizeof...(Args)));
        }
        int index = 0;
        int code = SQLITE_OK;
        ((code = code == SQLITE_OK ? bind_one(++index, values) : code), ...);
        if (code != SQLITE_OK) {
            return failure(code,
                           "parameter " + std::to_string(index) + ": " + sqlite3_errstr(code));
        }
        return {};
    }

    // To the next row; false at the end. After an error the statement is reset.
    Result<bool> step() {
        if (!is_open()) {
            return closed();
        }
        const int code = sqlite3_step(statement_);
        has_row_ = code == SQLITE_ROW;
        if (code == SQLITE_ROW || code == SQLITE_DONE) {
            return has_row_;
        }
        Error error = detail::error_of(connection_->handle, code, sqlite3_sql(statement_));
        sqlite3_reset(statement_);
        return error;
    }

    // Binds, runs to the end, and tells how many rows were changed.
    template <class... Args>
    Result<std::int64_t> run(const Args&... values) {
        if (auto bound = bind(values...); !bound) {
            return bound.error();
        }
        const sqlite3_int64 before = sqlite3_total_changes64(connection_->handle);
        for (;;) {
            auto more = step();
            if (!more) {
                return more.error();
            }
            if (!*more) {
                break;
            }
        }
        sqlite3_reset(statement_);
        // Only a statement that changes rows sets the count; another leaves the former one.
        const bool changed = sqlite3_total_changes64(connection_->handle) != before;
        return changed ? std::int64_t{sqlite3_changes64(connection_->handle)} : 0;
    }

    // Binds, and gives the first row's columns; nothing when there is no row. The types must be
    // the stored ones (an integer is read as double, too); std::optional takes NULL.
    template <class... Columns, class... Args>
    Result<std::optional<std::tuple<Columns...>>> first(const Args&... values) {
        static_assert(!(std::is_same_v<Columns, std::string_view> || ...), "would dangle");
        if (auto bound = bind(values...); !bound) {
            return bound.error();
        }
        auto found = step();
        if (!found) {
            return found.error();
        }
        std::optional<std::tuple<Columns...>> answer;
        if (*found) {
            auto read = row<Columns...>();
            if (!read) {
                return read.error();
            }
            answer = *std::move(read);
        }
        sqlite3_reset(statement_);
        has_row_ = false;
        return answer;
    }

    // The columns of the current row, from the first on.
    template <class... Columns>
    Result<std::tuple<Columns...>> row() const {
        std::tuple<Columns...> values;
        Result<> outcome;
        int column = 0;
        auto read = [&]<class T>(T& value) {
            auto one = outcome ? get<T>(column++) : Result<T>(outcome.error());
            if (one) {
                value = *std::move(one);
            } else {
                outcome = one.error();
            }
        };
        std::apply([&](auto&... each) { (read(each), ...); }, values);
        if (!outcome) {
            return outcome.error();
        }
        return values;
    }

    // One column, counted from 0. A std::string_view is valid until the next step, bind or reset.
    template <class T>
    Result<T> get(int column) const {
        if (!is_open()) {
            return closed();
        }
        if (!has_row_ || column < 0 || column >= sqlite3_column_count(statement_)) {
            return failure(SQLITE_RANGE, "no row, or no column " + std::to_string(column));
        }
        if constexpr (detail::is_optional<T>) {
            if (sqlite3_column_type(statement_, column) == SQLITE_NULL) {
                return T(std::nullopt);
            }
            auto value = get<typename T::value_type>(column);
            return value ? Result<T>(T(*std::move(value))) : Result<T>(value.error());
        } else {
            return get_stored<T>(column);
        }
    }

private:
    friend class Database;

    Statement(detail::SharedConnection connection, sqlite3_stmt* statement)
        : connection_(std::move(connection)), statement_(statement) {
        connection_->statements.insert(statement);
    }

    [[nodiscard]] bool is_open() const noexcept {
        return statement_ != nullptr && connection_->handle != nullptr;
    }
    [[nodiscard]] static Error closed() {
        return {SQLITE_MISUSE, "the database is closed", "prepared statement"};
    }
    [[nodiscard]] Error failure(int code, std::string text) const {
        return {code, std::move(text), detail::masked(sqlite3_sql(statement_))};
    }

    template <class T>
    int bind_one(int index, const T& value) {
        if constexpr (std::is_same_v<T, std::nullptr_t>) {
            return sqlite3_bind_null(statement_, index);
        } else if constexpr (detail::is_optional<T>) {
            return value ? bind_one(index, *value) : sqlite3_bind_null(statement_, index);
        } else if constexpr (std::is_integral_v<T>) {
            if (!std::in_range<std::int64_t>(+value)) {
                return SQLITE_RANGE;
            }
            return sqlite3_bind_int64(statement_, index, static_cast<sqlite3_int64>(value));
        } else if constexpr (std::is_floating_point_v<T>) {
            return sqlite3_bind_double(statement_, index, static_cast<double>(value));
        } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
            const std::string_view text = value;
            return sqlite3_bind_text64(statement_, index, text.empty() ? "" : text.data(),
                                       text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
        } else if constexpr (std::is_convertible_v<const T&, std::span<const std::byte>>) {
            const std::span<const std::byte> bytes = value;
            return bytes.empty() ? sqlite3_bind_zeroblob(statement_, index, 0)
                                 : sqlite3_bind_blob64(statement_, index, bytes.data(),
                                                       bytes.size(), SQLITE_TRANSIENT);
        } else {
            static_assert(detail::never<T>, "not a type that SQLite stores");
        }
    }

    [[nodiscard]] Error mismatch(int column, const char* wanted) const {
        const char* name = sqlite3_column_name(statement_, column);
        return failure(SQLITE_MISMATCH,
                       "column " + std::to_string(column) + " (" + (name ? name : "") +
                           "): wanted " + wanted + ", found " +
                           detail::name_of_type(sqlite3_column_type(statement_, column)));
    }

    [[nodiscard]] std::size_t size_of(int column) const {
        return static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
    }

    template <class T>
    Result<T> get_stored(int column) const {
        const int type = sqlite3_column_type(statement_, column);
        if constexpr (std::is_integral_v<T>) {
            const std::int64_t value = sqlite3_column_int64(statement_, column);
            if constexpr (std::is_same_v<T, bool>) {
                return type == SQLITE_INTEGER ? Result<T>(value != 0) : mismatch(column, "integer");
            } else {
                return type == SQLITE_INTEGER && std::in_range<T>(value)
                           ? Result<T>(static_cast<T>(value))
                           : mismatch(column, "integer in range");
            }
        } else if constexpr (std::is_floating_point_v<T>) {
            return type == SQLITE_FLOAT || type == SQLITE_INTEGER
                       ? Result<T>(static_cast<T>(sqlite3_column_double(statement_, column)))
                       : mismatch(column, "real");
        } else if constexpr (std::is_same_v<T, std::string> ||
                             std::is_same_v<T, std::string_view>) {
            if (type != SQLITE_TEXT) {
                return mismatch(column, "text");
            }
            const auto* text =
                reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
            return T(text, size_of(column));
        } else if constexpr (std::is_same_v<T, Blob>) {
            if (type != SQLITE_BLOB) {
                return mismatch(column, "blob");
            }
            const auto* data =
                static_cast<const std::byte*>(sqlite3_column_blob(statement_, column));
            return data == nullptr ? Blob() : Blob(data, data + size_of(column));
        } else {
            static_assert(detail::never<T>, "not a type that SQLite stores");
        }
    }

    detail::SharedConnection connection_;
    sqlite3_stmt* statement_ = nullptr;
    bool has_row_ = false;
};

} // namespace noa::sqlite
