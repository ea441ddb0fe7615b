// The bodies of the cache's operations, and its settings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "noa/sdk/json.hpp"

namespace cache {

struct Key {
    std::string key;
    static constexpr auto fields() { return noa::fields(noa::field("key", &Key::key)); }
};

struct SetRequest {
    std::string key;
    noa::Json value;
    std::optional<double> ttl_s;
    static constexpr auto fields() {
        return noa::fields(noa::field("key", &SetRequest::key, "1 to 4096 bytes"),
                           noa::field("value", &SetRequest::value, "any JSON value"),
                           noa::field("ttl_s", &SetRequest::ttl_s, "seconds until it is gone"));
    }
};

struct SetReply {
    std::uint64_t evicted = 0;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("evicted", &SetReply::evicted, "entries that had to make room"));
    }
};

struct DeleteReply {
    bool deleted = false;
    static constexpr auto fields() {
        return noa::fields(noa::field("deleted", &DeleteReply::deleted));
    }
};

struct TtlRequest {
    std::string key;
    std::optional<double> ttl_s;
    bool persist = false;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("key", &TtlRequest::key),
            noa::field("ttl_s", &TtlRequest::ttl_s, "a new one; absent: only look"),
            noa::optional_field("persist", &TtlRequest::persist, "true: live without an end"));
    }
};

struct TtlReply {
    bool found = false;
    std::optional<double> ttl_s;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("found", &TtlReply::found),
            noa::field("ttl_s", &TtlReply::ttl_s, "seconds left; absent: without an end"));
    }
};

struct Stats {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    std::uint64_t max_entries = 0;
    std::uint64_t max_bytes = 0;
    std::uint64_t hits = 0;
    std::uint64_t misses = 0;
    std::uint64_t evictions = 0;
    std::uint64_t expired = 0;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("entries", &Stats::entries), noa::field("bytes", &Stats::bytes),
            noa::field("max_entries", &Stats::max_entries),
            noa::field("max_bytes", &Stats::max_bytes), noa::field("hits", &Stats::hits),
            noa::field("misses", &Stats::misses), noa::field("evictions", &Stats::evictions),
            noa::field("expired", &Stats::expired));
    }
};

// The reply of `get` is put together around the stored text, not through a type.
inline constexpr const char* get_reply_schema = R"({
    "type": "object", "required": ["found"],
    "properties": {"found": {"type": "boolean"}, "value": {"description": "what was set"},
                   "ttl_s": {"type": "number", "description": "seconds left"}}})";

struct Settings {
    noa::ByteSize max_memory{64ULL << 20U};
    std::uint64_t max_entries = 100'000;
    std::optional<noa::Duration> default_ttl;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("max_memory", &Settings::max_memory),
                           noa::optional_field("max_entries", &Settings::max_entries),
                           noa::field("default_ttl", &Settings::default_ttl));
    }
};

inline constexpr const char* settings_schema = R"({
    "type": "object", "additionalProperties": false,
    "properties": {
        "max_memory": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$",
                       "default": "64MiB", "description": "of keys, values and their upkeep"},
        "max_entries": {"type": "integer", "minimum": 1, "maximum": 100000000,
                        "default": 100000},
        "default_ttl": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$",
                        "description": "of what is set without ttl_s; absent: no end"}}})";

} // namespace cache
