// What the connections of the store share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../model/draft.hpp"
#include "noa/sdk/sqlite_rows.hpp"

namespace drafting {

template <class T = void>
using Stored = noa::sqlite::Result<T>;

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
