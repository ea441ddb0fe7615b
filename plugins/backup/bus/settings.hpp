// What an operator sets.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "../archive/retention.hpp"
#include "noa/sdk/json.hpp"

namespace backup {

struct RepositorySettings {
    std::string path;
    std::string password; // comes as a secret
    bool create = true;
    static constexpr auto fields() {
        return noa::fields(noa::field("path", &RepositorySettings::path),
                           noa::field("password", &RepositorySettings::password),
                           noa::optional_field("create", &RepositorySettings::create));
    }
};

struct KeepSettings {
    std::uint32_t last = 0;
    std::uint32_t hourly = 0;
    std::uint32_t daily = 0;
    std::uint32_t weekly = 0;
    std::uint32_t monthly = 0;
    std::uint32_t yearly = 0;
    noa::Duration within{0};
    std::vector<std::string> tags;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("last", &KeepSettings::last),
                           noa::optional_field("hourly", &KeepSettings::hourly),
                           noa::optional_field("daily", &KeepSettings::daily),
                           noa::optional_field("weekly", &KeepSettings::weekly),
                           noa::optional_field("monthly", &KeepSettings::monthly),
                           noa::optional_field("yearly", &KeepSettings::yearly),
                           noa::optional_field("within", &KeepSettings::within),
                           noa::optional_field("tags", &KeepSettings::tags));
    }
    [[nodiscard]] KeepRule rule() const {
        return {last, hourly, daily, weekly, monthly, yearly, within.count() / 1'000'000'000, tags};
    }
};

struct PlanSettings {
    std::string repository;
    std::vector<std::string> agents{"*"};
    std::vector<std::string> paths;
    std::vector<std::string> excludes;
    std::string schedule; // empty: only when asked
    noa::Duration jitter{0};
    KeepSettings keep;
    std::string copy_to;
    std::uint32_t check_parts = 10;
    noa::Duration drill_every = std::chrono::hours(24 * 7);
    noa::Duration agent_timeout = std::chrono::seconds(60);
    static constexpr auto fields() {
        return noa::fields(noa::field("repository", &PlanSettings::repository),
                           noa::optional_field("agents", &PlanSettings::agents),
                           noa::optional_field("paths", &PlanSettings::paths),
                           noa::optional_field("excludes", &PlanSettings::excludes),
                           noa::optional_field("schedule", &PlanSettings::schedule),
                           noa::optional_field("jitter", &PlanSettings::jitter),
                           noa::optional_field("keep", &PlanSettings::keep),
                           noa::optional_field("copy_to", &PlanSettings::copy_to),
                           noa::optional_field("check_parts", &PlanSettings::check_parts),
                           noa::optional_field("drill_every", &PlanSettings::drill_every),
                           noa::optional_field("agent_timeout", &PlanSettings::agent_timeout));
    }
};

struct ReadySettings {
    noa::Duration backup_age = std::chrono::hours(26);
    noa::Duration verified_age = std::chrono::hours(24 * 8);
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("backup_age", &ReadySettings::backup_age),
                           noa::optional_field("verified_age", &ReadySettings::verified_age));
    }
};

struct Settings {
    std::map<std::string, RepositorySettings> repositories;
    std::map<std::string, PlanSettings> plans;
    ReadySettings ready;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("repositories", &Settings::repositories),
                           noa::optional_field("plans", &Settings::plans),
                           noa::optional_field("ready", &Settings::ready));
    }
    [[nodiscard]] noa::Status check() const;
};

inline constexpr const char* settings_schema = R"({
    "type": "object", "additionalProperties": false,
    "definitions": {
        "duration": {"type": "string", "pattern": "^([0-9]+(s|m|min|h|d))+$"},
        "texts": {"type": "array", "maxItems": 1000, "items": {"type": "string",
                                                               "maxLength": 4096}},
        "count": {"type": "integer", "minimum": 0, "maximum": 100000}},
    "properties": {
        "repositories": {"type": "object", "maxProperties": 16, "additionalProperties": {
            "type": "object", "additionalProperties": false, "required": ["path", "password"],
            "properties": {
                "path": {"type": "string", "pattern": "^/", "maxLength": 1024,
                         "description": "a directory"},
                "password": {"type": "string", "minLength": 1, "maxLength": 1024,
                             "description": "{ secret = \"file:…\" }"},
                "create": {"type": "boolean", "default": true,
                           "description": "make it where there is none"}}}},
        "plans": {"type": "object", "maxProperties": 64, "additionalProperties": {
            "type": "object", "additionalProperties": false, "required": ["repository"],
            "properties": {
                "repository": {"type": "string"},
                "agents": {"$ref": "#/definitions/texts",
                           "description": "whose state is kept; default: [\"*\"], of all"},
                "paths": {"$ref": "#/definitions/texts"},
                "excludes": {"$ref": "#/definitions/texts"},
                "schedule": {"type": "string", "maxLength": 40,
                             "description": "hourly :15, 03:30, mon 03:30, every 6h; UTC"},
                "jitter": {"$ref": "#/definitions/duration"},
                "keep": {"type": "object", "additionalProperties": false, "properties": {
                    "last": {"$ref": "#/definitions/count"},
                    "hourly": {"$ref": "#/definitions/count"},
                    "daily": {"$ref": "#/definitions/count"},
                    "weekly": {"$ref": "#/definitions/count"},
                    "monthly": {"$ref": "#/definitions/count"},
                    "yearly": {"$ref": "#/definitions/count"},
                    "within": {"$ref": "#/definitions/duration"},
                    "tags": {"$ref": "#/definitions/texts"}}},
                "copy_to": {"type": "string", "description": "a second repository"},
                "check_parts": {"type": "integer", "minimum": 0, "maximum": 256, "default": 10,
                                "description": "each run reads one of so many; 0: none"},
                "drill_every": {"$ref": "#/definitions/duration", "default": "7d"},
                "agent_timeout": {"$ref": "#/definitions/duration", "default": "60s",
                    "description": "for an agent to write or to validate its state"}}}},
        "ready": {"type": "object", "additionalProperties": false, "properties": {
            "backup_age": {"$ref": "#/definitions/duration", "default": "26h"},
            "verified_age": {"$ref": "#/definitions/duration", "default": "8d"}}}}})";

} // namespace backup
