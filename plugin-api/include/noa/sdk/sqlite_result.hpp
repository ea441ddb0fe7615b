// Errors of the SQLite layer as values. Included by noa/sdk/sqlite.hpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <sqlite3.h>

#include "noa/sdk/result.hpp"

namespace noa::sqlite {

// What SQLite said, and about what. Carries no bound value, and literals in SQL are masked, so
// that it can be logged or sent to an asker.
struct Error {
    int code = SQLITE_ERROR; // extended result code: SQLITE_CONSTRAINT_UNIQUE, …
    std::string text;        // "UNIQUE constraint failed: entries.key"
    std::string context;     // the SQL, its literals as ?, or the path of a file

    // True for every extended code of a primary one: is(SQLITE_BUSY).
    [[nodiscard]] bool is(int primary_code) const noexcept {
        return (code & 0xFF) == (primary_code & 0xFF);
    }
    // "UNIQUE constraint failed: entries.key (SQLite 2067): INSERT INTO entries VALUES(?,?)"
    [[nodiscard]] std::string message() const {
        return text + " (SQLite " + std::to_string(code) + "): " + context;
    }
    // For a handler to return: BUSY when it may pass by itself, else FAILED.
    [[nodiscard]] sdk::Error failure() const {
        const bool passes = is(SQLITE_BUSY) || is(SQLITE_LOCKED);
        return {passes ? NOA_E_BUSY : NOA_E_FAILED, message()};
    }
};

// A value, or the reason why there is none. Reading the wrong one is a defect.
template <class T = void>
class [[nodiscard]] Result {
public:
    Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return content_.index() == 0; }
    [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&content_)); }
    [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&content_); }
    [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&content_); }
    [[nodiscard]] const Error& error() const noexcept { return *std::get_if<1>(&content_); }

private:
    std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] explicit operator bool() const noexcept { return !error_; }
    [[nodiscard]] const Error& error() const noexcept { return *error_; }

private:
    std::optional<Error> error_;
};

namespace detail {

inline constexpr std::size_t context_max = 240;

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_word(char c) noexcept {
    return is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80U;
}

// `sql` from behind the quote at `at` to behind the closing one; a doubled quote stays inside.
inline std::size_t behind_quote(std::string_view sql, std::size_t at) noexcept {
    for (++at; at < sql.size(); ++at) {
        if (sql[at] == '\'') {
            if (at + 1 >= sql.size() || sql[at + 1] != '\'') {
                return at + 1;
            }
            ++at;
        }
    }
    return sql.size();
}

// On one line, texts and numbers as "?", of bounded length: values never leave through an error.
inline std::string masked(std::string_view sql) {
    std::string out;
    for (std::size_t at = 0; at < sql.size() && out.size() < context_max;) {
        const char c = sql[at];
        const bool in_word = at > 0 && is_word(sql[at - 1]);
        if (c == '\'') {
            at = behind_quote(sql, at);
            out += '?';
        } else if (is_digit(c) && !in_word) {
            while (at < sql.size() && (is_word(sql[at]) || sql[at] == '.')) {
                ++at;
            }
            out += '?';
        } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
            if (!out.empty() && out.back() != ' ') {
                out += ' ';
            }
            ++at;
        } else {
            out += c;
            ++at;
        }
    }
    while (!out.empty() && (out.back() == ' ' || out.back() == ';')) {
        out.pop_back();
    }
    return out;
}

inline Error error_of(sqlite3* database, int code, std::string_view sql) {
    const bool same =
        database != nullptr && (sqlite3_extended_errcode(database) & 0xFF) == (code & 0xFF);
    return {same ? sqlite3_extended_errcode(database) : code,
            masked(same ? sqlite3_errmsg(database) : sqlite3_errstr(code)), masked(sql)};
}

} // namespace detail

} // namespace noa::sqlite
