// Names in trees: any bytes, quoted as strconv.Quote of Go does it, without the quotes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace backup {

[[nodiscard]] std::string go_quote(std::string_view bytes);
[[nodiscard]] std::optional<std::string> go_unquote(std::string_view text);

} // namespace backup
