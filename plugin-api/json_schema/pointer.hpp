// JSON Pointers (RFC 6901), and how large a value is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/json.hpp"

namespace noa::json_schema {

// Bytes that its text has, about; counts no further than a little over `most`.
[[nodiscard]] std::size_t weight(const Json& value, std::size_t most);

// The names that `pointer` goes through; NOA_E_INVALID for what is none, or over 4096 bytes.
[[nodiscard]] Result<std::vector<std::string>> tokens_of(const std::string& pointer);
// The index that `token` is of an array of `size`; `size` itself for "-". Nothing: none.
[[nodiscard]] std::optional<std::size_t> index_of(const std::string& token, std::size_t size);

// The pointer of `key` in what `pointer` leads to.
[[nodiscard]] std::string child_pointer(std::string_view pointer, std::string_view key);
// What is at `pointer`; nullptr when there is nothing, or it is none.
[[nodiscard]] const Json* value_at(const Json& whole, const std::string& pointer);

} // namespace noa::json_schema
