// What the connections of the store share.
#pragma once

#include <string_view>
#include <utility>

#include "noa/sdk/sqlite_rows.hpp"
#include "store.hpp"

namespace communication {

// The columns that message_of takes.
inline constexpr std::string_view message_columns =
    "seq, ifnull(id, ''), sender, recipient, kind, operation, ifnull(conversation, ''), priority, "
    "ordered, envelope, hops, max_attempts, timeout_ms, ifnull(content_type, ''), "
    "ifnull(traceparent, ''), created_at, deadline, state, attempts, due_at, ifnull(metadata, ''), "
    "(SELECT ifnull(group_concat(rule), '') FROM flags f WHERE f.seq = messages.seq)";
// Its body at rest.
[[nodiscard]] Stored<MessagePtr> message_of(const noa::sqlite::Statement& row);

// A body as it came. NOA's error SQLITE_CORRUPT where it does not unpack to `most` bytes at most.
[[nodiscard]] Stored<std::string> unpacked(std::int64_t encoding, const noa::sqlite::Blob& stored,
                                           std::uint64_t most);
// Into `ret_packed`; false where it would not become smaller.
[[nodiscard]] bool pack(std::string_view body, std::string& ret_packed);

} // namespace communication
