// What commands on sets have in common.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "../items.hpp"
#include "scan.hpp"

namespace cache::resp {

[[nodiscard]] std::string_view set_bytes(const std::optional<Value>& value) noexcept;
// An empty one goes. False, and the client has been told, when it was not taken.
bool store_set(Call& call, std::string_view key, std::span<const std::string_view> members);

} // namespace cache::resp
