// What an operator sets.
#pragma once

#include <string>
#include <vector>

#include "../model/plan.hpp"
#include "../store/limits.hpp"
#include "noa/sdk/json.hpp"

namespace config {

struct Settings {
    std::string environment = "production";
    std::uint64_t versions = 10;
    noa::ByteSize version_bytes{16ULL << 20U};
    noa::ByteSize max_document{1ULL << 20U};
    std::uint64_t max_documents = 10'000;
    noa::ByteSize max_bytes{256ULL << 20U};
    std::uint64_t events = 10'000;
    noa::ByteSize event_bytes{64ULL << 20U};
    std::uint64_t audit_entries = 1'000'000;
    noa::Duration cache_ttl = std::chrono::minutes(5);
    noa::Duration validate_timeout = std::chrono::seconds(5);
    std::vector<std::string> files;
    noa::Duration drift_every = std::chrono::seconds(10);
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("environment", &Settings::environment),
                           noa::optional_field("versions", &Settings::versions),
                           noa::optional_field("version_bytes", &Settings::version_bytes),
                           noa::optional_field("max_document", &Settings::max_document),
                           noa::optional_field("max_documents", &Settings::max_documents),
                           noa::optional_field("max_bytes", &Settings::max_bytes),
                           noa::optional_field("events", &Settings::events),
                           noa::optional_field("event_bytes", &Settings::event_bytes),
                           noa::optional_field("audit_entries", &Settings::audit_entries),
                           noa::optional_field("cache_ttl", &Settings::cache_ttl),
                           noa::optional_field("validate_timeout", &Settings::validate_timeout),
                           noa::optional_field("files", &Settings::files),
                           noa::optional_field("drift_every", &Settings::drift_every));
    }

    [[nodiscard]] noa::Status check() const;
    [[nodiscard]] Limits limits() const {
        return {versions, version_bytes.bytes, events, event_bytes.bytes, audit_entries};
    }
    [[nodiscard]] PlanLimits plan_limits() const {
        return {.document_bytes = max_document.bytes,
                .documents = max_documents,
                .all_bytes = max_bytes.bytes,
                .effective = {.bytes = 4 * max_document.bytes},
                .environment = environment};
    }
};

inline constexpr const char* settings_schema = R"({
    "type": "object", "additionalProperties": false,
    "properties": {
        "environment": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]*$", "maxLength": 63,
                        "default": "production",
                        "description": "the layer over base that documents are read in"},
        "versions": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10,
                     "description": "of a document that are kept"},
        "version_bytes": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$",
                          "default": "16MiB", "description": "of the versions of a document"},
        "max_document": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$",
                         "default": "1MiB", "description": "of one, 1KiB to 4MiB"},
        "max_documents": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 10000},
        "max_bytes": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$",
                      "default": "256MiB", "description": "of all documents"},
        "events": {"type": "integer", "minimum": 100, "maximum": 10000000, "default": 10000,
                   "description": "changes that a watcher may go back"},
        "event_bytes": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$",
                        "default": "64MiB", "description": "of these"},
        "audit_entries": {"type": "integer", "minimum": 1000, "maximum": 100000000,
                          "default": 1000000},
        "cache_ttl": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$",
                      "default": "5min",
                      "description": "how long what was put together of layers is kept"},
        "validate_timeout": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min))+$",
                             "default": "5s",
                             "description": "for an agent that is asked about a change"},
        "files": {"type": "array", "items": {"type": "string", "pattern": "^/.*[^/]$"},
                  "maxItems": 64, "default": [],
                  "description": "directories below which documents may be put into files"},
        "drift_every": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h))+$",
                        "default": "10s",
                        "description": "how often files and store are looked at, beside inotify"}}})";

} // namespace config
