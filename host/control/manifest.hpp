// The stack manifest: the agents of a host, as one JSON file (R0.1).
//
//   {"format": "noa.manifest", "version": 3, "noa": "0.1.0",
//    "agents": [{"name": "cache",           an agent's name
//                "plugin": "cache",         a plugin's id; default: the name
//                "version": "0.1.0",        of the plugin
//                "digest": "64 hex digits", SHA-256 of the plugin's file
//                "enabled": true, "run": "thread",
//                "depends_on": ["config"],  agents in this manifest
//                "capabilities": [],
//                "options": {"queue_size": 10000, "task_timeout": "30s"},  other keys of the agent
//                "settings": {…}}]}
//
// Secrets are never in it. Where a setting has one stands {"secret": "file:…"}, its reference, or
// "(secret)" when the reference is not known: on import such a setting keeps its local value.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace noa::control {

constexpr int manifest_version = 3;
constexpr std::size_t max_manifest_bytes = 8U * 1024U * 1024U;

// Everything that is wrong, one per line of the reason.
[[nodiscard]] Result<nlohmann::json> parse_manifest(std::string_view text);
[[nodiscard]] Result<void> check_manifest(const nlohmann::json& manifest);

// What it asks of the configuration: {"agents": {"cache": {"plugin": …, "settings": {…}}}}.
// `manifest` was checked.
[[nodiscard]] nlohmann::json manifest_to_override(const nlohmann::json& manifest);

} // namespace noa::control
