// Replaces references to secrets by their texts.
#pragma once

#include <map>
#include <string>

#include "config/tree.hpp"

namespace noa::config {

// {secret = "file:/path"}, {secret = "env:NAME"}, {secret = "credential:NAME"} anywhere in
// `settings` (the table at `path`). One trailing newline is cut; at most 64 KiB of UTF-8; a file
// must be a regular one that not everybody may read or write. Returns what was replaced: JSON
// pointer and reference. Problems name the reference, never the text.
[[nodiscard]] std::map<std::string, std::string>
resolve_secrets(nlohmann::json& settings, const std::string& path, const Origins& origins,
                const std::map<std::string, std::string>& environment, Problems& problems);

// RFC 6901.
[[nodiscard]] std::string pointer_child(const std::string& pointer, std::string_view key);

} // namespace noa::config
