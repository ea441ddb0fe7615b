// The stack manifest: the agents of a host, as one JSON file (R0.1).
//
//   {"manifest": 3, "noa": "0.1.0",
//    "agents": [{"name": "cache",           an agent's name
//                "plugin": "cache",         a plugin's id; default: the name
//                "version": "0.1.0",        of the plugin
//                "digest": "64 hex digits", SHA-256 of the plugin's file
//                "enabled": true, "queue_size": 10000, …: any key of an agent's table; an
//                                           export has them all
//                "depends_on": ["config"],  agents in this manifest
//                "capabilities": [],
//                "settings": {…},
//                "secrets": ["/token"]}]}   JSON pointers of settings that are secret
//
// A secret is never in it: {"secret": "file:…"} stands for one by reference, as in every export,
// and "(secret)" for one whose reference is not told. On import such a setting keeps its local
// value.
#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace noa::control {

constexpr int manifest_version = 3;
constexpr std::size_t max_manifest_bytes = std::size_t{8} * 1024 * 1024;

// Everything that is wrong, one per line of the reason.
[[nodiscard]] Result<nlohmann::json> parse_manifest(std::string_view text);
[[nodiscard]] Result<void> check_manifest(const nlohmann::json& manifest);

// What it asks of the configuration: {"agents": {"cache": {"plugin": …, "settings": {…}}}}.
// Version and digest are not part of that. `manifest` was checked.
[[nodiscard]] nlohmann::json manifest_to_override(const nlohmann::json& manifest);

} // namespace noa::control
