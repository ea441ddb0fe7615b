// Views across the boundary. The SDK writes every text and every body as std::string_view.
#pragma once

#include <string_view>

#include "noa/types.h"

namespace noa::sdk {

[[nodiscard]] constexpr std::string_view view(noa_str text) noexcept {
    return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}
[[nodiscard]] inline std::string_view view(noa_bytes bytes) noexcept {
    return bytes.size == 0 ? std::string_view()
                           : std::string_view(static_cast<const char*>(bytes.data), bytes.size);
}
[[nodiscard]] constexpr noa_str to_str(std::string_view text) noexcept {
    return {text.data(), text.size()};
}
[[nodiscard]] constexpr noa_bytes to_bytes(std::string_view bytes) noexcept {
    return {bytes.data(), bytes.size()};
}

} // namespace noa::sdk
