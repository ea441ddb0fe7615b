// What an operator sets.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "../resp/parameters.hpp"
#include "../store/store.hpp"
#include "../tier/tier.hpp"
#include "noa/sdk/json.hpp"

namespace cache {

inline constexpr double longest_ttl_s = 10.0 * 365 * 86'400;

struct Settings {
    noa::ByteSize max_memory{64ULL << 20U};
    std::uint64_t max_entries = 100'000'000;
    std::optional<noa::Duration> default_ttl;
    std::map<std::string, noa::ByteSize> namespaces; // quotas
    noa::Duration lease = std::chrono::seconds(10);
    double early_refresh = 1;
    std::optional<noa::Duration> snapshot_every;
    std::string tier; // a Redis server that hosts share
    std::string tier_password;
    std::string tier_prefix = "noa:";
    noa::Duration tier_timeout = std::chrono::milliseconds(500);
    noa::Duration tier_local_ttl = std::chrono::seconds(5);
    std::vector<std::string> listen; // for Redis clients
    std::string password;
    std::uint32_t max_clients = 10'000;
    noa::ByteSize output_limit{64ULL << 20U};
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("max_memory", &Settings::max_memory),
                           noa::optional_field("max_entries", &Settings::max_entries),
                           noa::field("default_ttl", &Settings::default_ttl),
                           noa::optional_field("namespaces", &Settings::namespaces),
                           noa::optional_field("lease", &Settings::lease),
                           noa::optional_field("early_refresh", &Settings::early_refresh),
                           noa::field("snapshot_every", &Settings::snapshot_every),
                           noa::optional_field("tier", &Settings::tier),
                           noa::optional_field("tier_password", &Settings::tier_password),
                           noa::optional_field("tier_prefix", &Settings::tier_prefix),
                           noa::optional_field("tier_timeout", &Settings::tier_timeout),
                           noa::optional_field("tier_local_ttl", &Settings::tier_local_ttl),
                           noa::optional_field("listen", &Settings::listen),
                           noa::optional_field("password", &Settings::password),
                           noa::optional_field("max_clients", &Settings::max_clients),
                           noa::optional_field("output_limit", &Settings::output_limit));
    }

    [[nodiscard]] noa::Status check() const;
    [[nodiscard]] Limits limits() const { return {max_memory.bytes, max_entries}; }
    // REQUIRES: check().
    [[nodiscard]] tier::Settings tier_settings() const {
        return {.link = {.address = *tier::parse_address(tier),
                         .password = tier_password,
                         .channel = {},
                         .timeout = tier_timeout},
                .prefix = tier_prefix};
    }
    [[nodiscard]] resp::Options resp() const {
        return {.listen = listen,
                .password = password,
                .max_clients = max_clients,
                .output_limit = output_limit.bytes,
                .max_memory = max_memory.bytes};
    }
};

inline constexpr const char* settings_schema = R"({
    "type": "object", "additionalProperties": false,
    "properties": {
        "max_memory": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$",
                       "default": "64MiB",
                       "description": "1MiB to 8GiB: of keys, values and all their upkeep"},
        "max_entries": {"type": "integer", "minimum": 1, "maximum": 1000000000,
                        "default": 100000000},
        "default_ttl": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$",
                        "description": "of what is set without ttl_s; absent: no end"},
        "namespaces": {"type": "object", "maxProperties": 63,
                       "propertyNames": {"minLength": 1, "maxLength": 40},
                       "additionalProperties": {
                           "type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$"},
                       "description": "quotas: what a namespace takes at most"},
        "lease": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$", "default": "10s",
                  "description": "how long one caller of get_or_load has to load"},
        "early_refresh": {"type": "number", "minimum": 0, "maximum": 10, "default": 1,
                          "description": "above 1: loads anew earlier before the end; 0: never"},
        "snapshot_every": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$",
                           "description": "writes all of it to disk, for the next start; absent: never"},
        "tier": {"type": "string", "maxLength": 200, "default": "",
                 "description": "a Redis server that hosts share: redis://127.0.0.1:6379/0, unix:/PATH; empty: none"},
        "tier_password": {"type": "string", "maxLength": 512, "default": ""},
        "tier_prefix": {"type": "string", "maxLength": 100, "default": "noa:",
                        "description": "of all keys there"},
        "tier_timeout": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$",
                         "default": "500ms", "description": "for an answer of the tier"},
        "tier_local_ttl": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$",
                           "default": "5s",
                           "description": "how long a value is shown that another host may have changed"},
        "listen": {"type": "array", "maxItems": 16, "items": {"type": "string"}, "default": [],
                   "description": "for Redis clients: unix:/run/noa/cache.sock, tcp:127.0.0.1:6379"},
        "password": {"type": "string", "maxLength": 512, "default": "",
                     "description": "that Redis clients AUTH with; empty: none"},
        "max_clients": {"type": "integer", "minimum": 1, "maximum": 16000, "default": 10000},
        "output_limit": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$",
                         "default": "64MiB",
                         "description": "of replies that a Redis client does not read"}}})";

} // namespace cache
