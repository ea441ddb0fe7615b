// The bodies of the cache's operations on the bus.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace cache {

inline constexpr const char* space_help = "absent: \"default\"";
inline constexpr const char* key_help = "1 to 4096 bytes";
inline constexpr const char* ttl_help = "seconds until it is gone";

using Space = std::optional<std::string>;

struct Key {
    std::string key;
    Space space;
    static constexpr auto fields() {
        return noa::fields(noa::field("key", &Key::key, key_help),
                           noa::field("namespace", &Key::space, space_help));
    }
};

struct SetRequest {
    std::string key;
    noa::Json value;
    std::optional<double> ttl_s;
    std::optional<double> stale_s;
    bool nx = false;
    bool xx = false;
    std::vector<std::string> tags;
    std::optional<std::string> lease;
    Space space;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("key", &SetRequest::key, key_help),
            noa::field("value", &SetRequest::value, "any JSON value"),
            noa::field("ttl_s", &SetRequest::ttl_s, ttl_help),
            noa::field("stale_s", &SetRequest::stale_s,
                       "seconds after its end that get_or_load may still show it"),
            noa::optional_field("nx", &SetRequest::nx, "only when there is none"),
            noa::optional_field("xx", &SetRequest::xx, "only when there is one"),
            noa::optional_field("tags", &SetRequest::tags, "16 at most: see invalidate"),
            noa::field("lease", &SetRequest::lease, "that get_or_load gave"),
            noa::field("namespace", &SetRequest::space, space_help));
    }
};

struct SetReply {
    std::uint64_t evicted = 0;
    std::optional<bool> stored;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("evicted", &SetReply::evicted, "entries that had to make room"),
            noa::field("stored", &SetReply::stored,
                       "false: nx or xx did not hold, or the lease is over"));
    }
};

struct GetManyRequest {
    std::vector<std::string> keys;
    Space space;
    static constexpr auto fields() {
        return noa::fields(noa::field("keys", &GetManyRequest::keys, "10,000 at most"),
                           noa::field("namespace", &GetManyRequest::space, space_help));
    }
};

struct SetManyRequest {
    std::map<std::string, noa::Json> values;
    std::optional<double> ttl_s;
    std::vector<std::string> tags;
    Space space;
    static constexpr auto fields() {
        return noa::fields(noa::field("values", &SetManyRequest::values, "by key; 10,000 at most"),
                           noa::field("ttl_s", &SetManyRequest::ttl_s, ttl_help),
                           noa::optional_field("tags", &SetManyRequest::tags, "of each"),
                           noa::field("namespace", &SetManyRequest::space, space_help));
    }
};

struct SetManyReply {
    std::uint64_t stored = 0;
    std::uint64_t evicted = 0;
    std::optional<std::map<std::string, std::string>> refused;
    static constexpr auto fields() {
        return noa::fields(noa::field("stored", &SetManyReply::stored),
                           noa::field("evicted", &SetManyReply::evicted),
                           noa::field("refused", &SetManyReply::refused, "by key: why"));
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
    Space space;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("key", &TtlRequest::key, key_help),
            noa::field("ttl_s", &TtlRequest::ttl_s, "a new one; absent: only look"),
            noa::optional_field("persist", &TtlRequest::persist, "true: live without an end"),
            noa::field("namespace", &TtlRequest::space, space_help));
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

struct ExpireRequest {
    std::string key;
    double ttl_s = 0;
    Space space;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("key", &ExpireRequest::key, key_help),
            noa::field("ttl_s", &ExpireRequest::ttl_s, "from now; 0 or less: at once"),
            noa::field("namespace", &ExpireRequest::space, space_help));
    }
};

struct FoundReply {
    bool found = false;
    static constexpr auto fields() { return noa::fields(noa::field("found", &FoundReply::found)); }
};

struct IncrementRequest {
    std::string key;
    std::int64_t by = 1;
    std::optional<double> ttl_s;
    Space space;
    static constexpr auto fields() {
        return noa::fields(noa::field("key", &IncrementRequest::key, key_help),
                           noa::optional_field("by", &IncrementRequest::by, "1 unless said"),
                           noa::field("ttl_s", &IncrementRequest::ttl_s, "of one that this makes"),
                           noa::field("namespace", &IncrementRequest::space, space_help));
    }
};

struct IncrementReply {
    std::int64_t value = 0;
    static constexpr auto fields() {
        return noa::fields(noa::field("value", &IncrementReply::value));
    }
};

struct KeysRequest {
    std::string cursor = "0";
    std::string pattern = "*";
    std::uint32_t count = 100;
    Space space;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("cursor", &KeysRequest::cursor, "that the last reply gave"),
            noa::optional_field("pattern", &KeysRequest::pattern, "*, ?, [a-z], [^a], \\x"),
            noa::optional_field("count", &KeysRequest::count, "to look at, about; 1 to 10,000"),
            noa::field("namespace", &KeysRequest::space, space_help));
    }
};

struct FlushRequest {
    bool all = false;
    Space space;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("all", &FlushRequest::all, "every namespace"),
                           noa::field("namespace", &FlushRequest::space, space_help));
    }
};

struct FlushReply {
    std::uint64_t flushed = 0;
    static constexpr auto fields() {
        return noa::fields(noa::field("flushed", &FlushReply::flushed));
    }
};

struct InvalidateRequest {
    std::vector<std::string> tags;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("tags", &InvalidateRequest::tags, "what was set with any of them goes"));
    }
};

struct LoadRequest {
    std::string key;
    bool stale = true;
    std::optional<double> lease_s;
    Space space;
    static constexpr auto fields() {
        return noa::fields(noa::field("key", &LoadRequest::key, key_help),
                           noa::optional_field("stale", &LoadRequest::stale,
                                               "false: rather wait than be shown one"),
                           noa::field("lease_s", &LoadRequest::lease_s,
                                      "that a load may take; absent: the setting"),
                           noa::field("namespace", &LoadRequest::space, space_help));
    }
};

struct FailRequest {
    std::string key;
    std::string lease;
    std::string error;
    Space space;
    static constexpr auto fields() {
        return noa::fields(noa::field("key", &FailRequest::key, key_help),
                           noa::field("lease", &FailRequest::lease, "that get_or_load gave"),
                           noa::field("error", &FailRequest::error, "what the waiting are told"),
                           noa::field("namespace", &FailRequest::space, space_help));
    }
};

struct FailReply {
    std::uint64_t told = 0;
    static constexpr auto fields() {
        return noa::fields(noa::field("told", &FailReply::told, "callers that waited"));
    }
};

struct SnapshotRequest {
    static constexpr auto fields() { return noa::fields(); }
};

struct SnapshotReply {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
    double seconds = 0;
    static constexpr auto fields() {
        return noa::fields(noa::field("entries", &SnapshotReply::entries),
                           noa::field("bytes", &SnapshotReply::bytes, "of the file"),
                           noa::field("seconds", &SnapshotReply::seconds, "that it took"));
    }
};

struct TopRequest {
    std::uint32_t count = 10;
    Space space;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("count", &TopRequest::count, "1 to 100"),
                           noa::field("namespace", &TopRequest::space, space_help));
    }
};

// Replies that are put together around stored text, not through a type.
inline constexpr const char* get_reply_schema = R"({
    "type": "object", "required": ["found"],
    "properties": {"found": {"type": "boolean"}, "value": {"description": "what was set"},
                   "ttl_s": {"type": "number", "description": "seconds left"}}})";
inline constexpr const char* get_many_reply_schema = R"({
    "type": "object", "required": ["values"],
    "properties": {"values": {"type": "object", "description": "by key; what is absent is not in"}}})";
inline constexpr const char* load_reply_schema = R"({
    "type": "object", "required": ["found"],
    "properties": {"found": {"type": "boolean"}, "value": {"description": "what was set"},
                   "ttl_s": {"type": "number", "description": "seconds left"},
                   "stale": {"type": "boolean", "description": "its end is over"},
                   "load": {"type": "boolean", "description": "the asker is to load it"},
                   "lease": {"type": "string", "description": "for set or fail"},
                   "lease_s": {"type": "number", "description": "how long it is good"}}})";
inline constexpr const char* keys_reply_schema = R"({
    "type": "object", "required": ["keys", "cursor"],
    "properties": {"keys": {"type": "array"},
                   "cursor": {"type": "string", "description": "\"0\": that was all"}}})";
inline constexpr const char* top_reply_schema = R"({
    "type": "object", "required": ["keys"],
    "properties": {"keys": {"type": "array", "items": {"type": "object"}}}})";
inline constexpr const char* stats_reply_schema = R"({
    "type": "object",
    "properties": {"entries": {"type": "integer"}, "bytes": {"type": "integer"},
                   "namespaces": {"type": "object"}},
    "additionalProperties": {"type": "integer"}})";

} // namespace cache
