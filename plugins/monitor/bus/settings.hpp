// What an operator sets.
#pragma once

#include <string>
#include <vector>

#include "../alerts/channel.hpp"
#include "../alerts/rule.hpp"
#include "../alerts/verify.hpp"
#include "../checks/terms.hpp"
#include "../collect/series.hpp"
#include "noa/sdk/json.hpp"

namespace monitor {

// Of files of figures, one for each day.
struct DaySettings {
    std::uint64_t keep_days = 30; // 0: none is written
    noa::Duration every = std::chrono::minutes(1);
    noa::ByteSize max_size{256U << 20U};
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("keep_days", &DaySettings::keep_days),
                           noa::optional_field("every", &DaySettings::every),
                           noa::optional_field("max_size", &DaySettings::max_size));
    }
};

// Where the host's spans are sent.
struct TraceSettings {
    std::string otlp;          // URL; empty: nowhere
    std::string authorization; // of that header; a secret
    std::string ca;
    noa::Duration interval = std::chrono::seconds(5);
    noa::Duration timeout = std::chrono::seconds(10);
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("otlp", &TraceSettings::otlp),
                           noa::optional_field("authorization", &TraceSettings::authorization),
                           noa::optional_field("ca", &TraceSettings::ca),
                           noa::optional_field("interval", &TraceSettings::interval),
                           noa::optional_field("timeout", &TraceSettings::timeout));
    }
    [[nodiscard]] noa::Status check() const;
};

struct Settings {
    noa::Duration interval = std::chrono::seconds(10);
    noa::Duration retention = std::chrono::hours(1);
    std::uint64_t max_series = 5000;
    std::uint64_t max_series_of_name = 1024;
    std::vector<std::string> file_systems = {"/"};
    std::vector<CheckSetting> checks;
    bool shipped_rules = true;
    std::vector<RuleSetting> rules;
    noa::Duration repeat = std::chrono::hours(4);
    std::vector<ChannelSetting> channels;
    DaySettings days;
    TraceSettings traces;
    std::vector<Criterion> verify;
    std::string control_socket = "/run/noa/control.sock";

    static constexpr auto fields() {
        return noa::fields(noa::optional_field("interval", &Settings::interval),
                           noa::optional_field("retention", &Settings::retention),
                           noa::optional_field("max_series", &Settings::max_series),
                           noa::optional_field("max_series_of_name", &Settings::max_series_of_name),
                           noa::optional_field("file_systems", &Settings::file_systems),
                           noa::optional_field("checks", &Settings::checks),
                           noa::optional_field("shipped_rules", &Settings::shipped_rules),
                           noa::optional_field("rules", &Settings::rules),
                           noa::optional_field("repeat", &Settings::repeat),
                           noa::optional_field("channels", &Settings::channels),
                           noa::optional_field("days", &Settings::days),
                           noa::optional_field("traces", &Settings::traces),
                           noa::optional_field("verify", &Settings::verify),
                           noa::optional_field("control_socket", &Settings::control_socket));
    }

    [[nodiscard]] noa::Status check() const;
    [[nodiscard]] SeriesBounds series() const;

private:
    [[nodiscard]] noa::Status check_checks() const;
    [[nodiscard]] noa::Status check_rules() const;
    [[nodiscard]] noa::Status check_channels() const;
    [[nodiscard]] noa::Status check_criteria() const;
};

// Durations are texts with a unit.
inline constexpr const char* settings_schema = R"({
    "type": "object", "additionalProperties": false,
    "definitions": {
        "time": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$"},
        "heal": {"type": "object", "additionalProperties": false, "required": ["for"],
            "properties": {
                "target": {"type": "string", "maxLength": 80, "default": "",
                           "description": "an agent or service:NAME; of a rule: or the label agent"},
                "for": {"type": "string", "pattern": "^[a-z-]{1,64}$",
                        "description": "a reason, as of noactl heal"}}}},
    "properties": {
        "interval": {"$ref": "#/definitions/time", "default": "10s",
                     "description": "between two rounds of figures, 1s to 1h"},
        "retention": {"$ref": "#/definitions/time", "default": "1h",
                      "description": "how long figures are kept in memory"},
        "max_series": {"type": "integer", "minimum": 100, "maximum": 100000, "default": 5000,
                       "description": "figures with different labels, in all"},
        "max_series_of_name": {"type": "integer", "minimum": 10, "maximum": 100000,
                               "default": 1024, "description": "of one name"},
        "file_systems": {"type": "array", "maxItems": 100, "default": ["/"],
                         "items": {"type": "string", "pattern": "^/", "maxLength": 200},
                         "description": "paths whose file systems are looked at"},
        "verify": {"type": "array", "maxItems": 100, "default": [], "items": {
            "type": "object", "additionalProperties": false, "required": ["name", "expression"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z0-9_-]{1,63}$"},
                "expression": {"type": "string", "maxLength": 2000,
                               "description": "what it has a figure for, is not as it should be"}}}},
        "control_socket": {"type": "string", "maxLength": 107, "default": "/run/noa/control.sock",
                           "description": "of this host, for heal and on_failure; \"\": none"},
        "days": {"type": "object", "additionalProperties": false, "properties": {
            "keep_days": {"type": "integer", "minimum": 0, "maximum": 3650, "default": 30,
                          "description": "files of figures, one a day; 0: none is written"},
            "every": {"$ref": "#/definitions/time", "default": "1min",
                      "description": "what is written down of rounds, 1s at least"},
            "max_size": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$",
                         "default": "256MiB", "description": "of all of them"}}},
        "traces": {"type": "object", "additionalProperties": false, "properties": {
            "otlp": {"type": "string", "maxLength": 1000, "default": "",
                     "description": "http(s)://HOST:4318/v1/traces of a collector; \"\": none"},
            "authorization": {"type": "string", "maxLength": 4000, "default": "",
                              "description": "that header of a request, by reference"},
            "ca": {"type": "string", "maxLength": 1000, "default": "",
                   "description": "a file of certificates; \"\": the system's"},
            "interval": {"$ref": "#/definitions/time", "default": "5s",
                         "description": "between two batches, 100ms to 10min"},
            "timeout": {"$ref": "#/definitions/time", "default": "10s",
                        "description": "of a batch"}}},
        "shipped_rules": {"type": "boolean", "default": true,
                          "description": "rules that come with the agent are looked at, too"},
        "repeat": {"$ref": "#/definitions/time", "default": "4h",
                   "description": "an alert that lasts is told again after that"},
        "rules": {"type": "array", "maxItems": 200, "default": [], "items": {
            "type": "object", "additionalProperties": false, "required": ["name"],
            "properties": {
                "name": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,62}$"},
                "expression": {"type": "string", "maxLength": 2000, "default": "",
                               "description": "a part of PromQL: what it has a figure for, fires"},
                "for": {"$ref": "#/definitions/time", "default": "0s",
                        "description": "it must have held for that long"},
                "keep": {"$ref": "#/definitions/time", "default": "30s",
                         "description": "it must not have held for that long to be over"},
                "cooldown": {"$ref": "#/definitions/time", "default": "5min",
                             "description": "the same alert begins to be told once in that time"},
                "severity": {"enum": ["info", "warning", "critical"], "default": "warning"},
                "summary": {"type": "string", "maxLength": 300, "default": "",
                            "description": "with {{ $labels.NAME }} and {{ $value }}"},
                "enabled": {"type": "boolean", "default": true},
                "heal": {"$ref": "#/definitions/heal"}}}},
        "channels": {"type": "array", "maxItems": 20, "default": [], "items": {
            "type": "object", "additionalProperties": false,
            "required": ["name", "type", "target"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z0-9_-]{1,63}$"},
                "type": {"enum": ["file", "message", "alertmanager", "slack", "webhook", "pager",
                                  "email"]},
                "target": {"type": "string", "maxLength": 1000,
                           "description": "folder or \"\", AGENT/OPERATION, URL, webhook:NAME, smtp://HOST"},
                "secret": {"type": "string", "maxLength": 1000, "default": "",
                           "description": "routing key of a pager, password of user: by reference"},
                "user": {"type": "string", "maxLength": 254, "default": "",
                         "description": "of a mail server; then only with TLS"},
                "from": {"type": "string", "maxLength": 254, "default": ""},
                "to": {"type": "array", "maxItems": 50, "default": [],
                       "items": {"type": "string", "maxLength": 254}},
                "severity": {"enum": ["info", "warning", "critical"], "default": "info",
                             "description": "the least that it gets"},
                "timeout": {"$ref": "#/definitions/time", "default": "5s",
                            "description": "of an attempt"},
                "keep_days": {"type": "integer", "minimum": 1, "maximum": 3650, "default": 30,
                              "description": "of a file"}}}},
        "checks": {"type": "array", "maxItems": 1000, "default": [], "items": {
            "type": "object", "additionalProperties": false,
            "required": ["name", "type", "target"],
            "properties": {
                "name": {"type": "string", "pattern": "^[a-z0-9_.-]{1,63}$"},
                "type": {"enum": ["http", "tcp", "bus", "process", "file"]},
                "target": {"type": "string", "minLength": 1, "maxLength": 1000,
                           "description": "URL, HOST:PORT, AGENT[/OPERATION], program, path"},
                "interval": {"$ref": "#/definitions/time", "default": "30s"},
                "timeout": {"$ref": "#/definitions/time", "default": "5s",
                            "description": "of an attempt"},
                "retries": {"type": "integer", "minimum": 0, "maximum": 20, "default": 3},
                "pause": {"$ref": "#/definitions/time", "default": "1s",
                          "description": "before the first retry; each further one twice as long"},
                "critical": {"type": "boolean", "default": false},
                "status": {"type": "array", "minItems": 1, "maxItems": 100, "default": [200],
                           "items": {"type": "integer", "minimum": 100, "maximum": 599},
                           "description": "of an http answer that is well"},
                "body": {"type": "string", "maxLength": 1000, "default": "",
                         "description": "a text that an answer must have"},
                "ca": {"type": "string", "maxLength": 1000, "default": "",
                       "description": "of https: a file of certificates; \"\": the system's"},
                "max_age": {"$ref": "#/definitions/time", "default": "1d",
                            "description": "since a file was written"},
                "on_failure": {"$ref": "#/definitions/heal"}}}}}})";

} // namespace monitor
