// How large what a plugin says may be, in bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace noa::plugin {

inline constexpr std::uint32_t struct_size_max = 64U * 1024U;
inline constexpr std::size_t version_max = 63;
inline constexpr std::size_t description_max = 255;
inline constexpr std::size_t settings_schema_max = std::size_t{256} * 1024;
inline constexpr std::size_t inspect_text_max = std::size_t{1024} * 1024;
inline constexpr std::size_t settings_max = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t verdict_max = std::size_t{2} * 1024 * 1024;

} // namespace noa::plugin
