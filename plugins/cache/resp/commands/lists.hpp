// What commands on lists have in common.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "../call.hpp"
#include "../items.hpp"

namespace cache::resp {

[[nodiscard]] std::string_view list_bytes(const std::optional<Value>& value) noexcept;
// An empty one goes. False, and the client has been told, when it was not taken.
bool store_list(Call& call, std::string_view key, const Items& list);
// First and last of those meant, both included; below 0 from the end on. {0, -1}: none.
[[nodiscard]] std::pair<std::int64_t, std::int64_t> list_range(std::int64_t begin, std::int64_t end,
                                                               std::int64_t size) noexcept;
// REQUIRES: it is not empty.
std::string take_end(Items& list, bool front);

} // namespace cache::resp
