// The layer that noa writes itself: <state>/conf.d.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace noa::config {

// Of `noactl enable` and `noactl disable`.
constexpr auto enabled_override = "50-noactl.toml";

// Writes `tree` (an object; no null, no binary) as the TOML file `name` of `directory`, which is
// made when it is missing (0700). All or nothing: a temporary, fsync, rename, fsync of the
// directory; mode 0600. What is written is checked to read back the same.
[[nodiscard]] Result<void> write_override(const std::filesystem::path& directory,
                                          const std::string& name, const nlohmann::json& tree);

// What write_override wrote, perhaps edited since; an empty object when there is no such file.
[[nodiscard]] Result<nlohmann::json> read_override(const std::filesystem::path& directory,
                                                   const std::string& name);

// Sets agents.<agent>.enabled in `enabled_override` and keeps what else is there. Not atomic
// against another writer of that file: one host owns its state directory.
[[nodiscard]] Result<void> write_enabled(const std::filesystem::path& directory,
                                         const std::string& agent, bool enabled);

// TOML text of an object; values that TOML does not have are errors that name their key.
[[nodiscard]] Result<std::string> render_toml(const nlohmann::json& tree);

} // namespace noa::config
