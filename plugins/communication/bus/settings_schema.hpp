// The JSON Schema of what an operator sets.
#pragma once

namespace communication {

// Sizes and durations are texts with a unit.
inline constexpr const char* settings_schema = R"({
    "type": "object", "additionalProperties": false,
    "definitions": {
        "mode": {"enum": ["off", "flag", "reject"]},
        "size": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$"},
        "time": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$"},
        "rate": {"type": "object", "additionalProperties": false, "properties": {
            "per_second": {"type": "number", "minimum": 0, "maximum": 1e9, "default": 0,
                           "description": "0: no limit"},
            "burst": {"type": "number", "minimum": 0, "maximum": 1e9, "default": 0,
                      "description": "at once; 0: what comes in a second"}}}},
    "properties": {
        "max_message_size": {"$ref": "#/definitions/size", "default": "10MiB",
                             "description": "of a body, 1KiB to 15MiB"},
        "max_queued": {"type": "integer", "minimum": 100, "maximum": 10000000, "default": 100000,
                       "description": "messages that are not settled"},
        "max_queued_recipient": {"type": "integer", "minimum": 10, "maximum": 10000000,
                                 "default": 20000, "description": "of one recipient"},
        "window": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 32,
                   "description": "attempts under way to one recipient"},
        "memory": {"$ref": "#/definitions/size", "default": "32MiB",
                   "description": "for bodies that wait; others are read when it is time"},
        "compress_above": {"$ref": "#/definitions/size", "default": "4096B",
                           "description": "bodies that are larger are kept compressed"},
        "dedup_window": {"$ref": "#/definitions/time", "default": "10min",
                         "description": "in which an id is taken once"},
        "dedup_entries": {"type": "integer", "minimum": 1000, "maximum": 10000000,
                          "default": 1000000, "description": "ids that are remembered at most"},
        "history": {"$ref": "#/definitions/time", "default": "7d",
                    "description": "how long messages are kept that are settled"},
        "history_messages": {"type": "integer", "minimum": 1000, "maximum": 1000000000,
                             "default": 10000000, "description": "that are kept at most"},
        "max_hops": {"type": "integer", "minimum": 1, "maximum": 100, "default": 16,
                     "description": "messages that lead to one another"},
        "retry": {"type": "object", "additionalProperties": false, "properties": {
            "attempts": {"type": "integer", "minimum": 1, "maximum": 100, "default": 5},
            "first_pause": {"$ref": "#/definitions/time", "default": "1s"},
            "longest_pause": {"$ref": "#/definitions/time", "default": "100s"},
            "timeout": {"$ref": "#/definitions/time", "default": "30s",
                        "description": "of an attempt"},
            "budget": {"type": "number", "minimum": 0, "maximum": 100, "default": 0.2,
                       "description": "retries for each first attempt; 0: as many as there are"}}},
        "breaker": {"type": "object", "additionalProperties": false, "properties": {
            "failures": {"type": "integer", "minimum": 0, "maximum": 100000, "default": 5,
                         "description": "in a row; 0: whatever their number"},
            "calls": {"type": "integer", "minimum": 1, "maximum": 100000, "default": 100,
                      "description": "in the window, before shares count"},
            "failure_share": {"type": "number", "minimum": 0.01, "maximum": 1.1, "default": 0.5,
                              "description": "over 1: none"},
            "slow_share": {"type": "number", "minimum": 0.01, "maximum": 1.1, "default": 1.1},
            "slow": {"$ref": "#/definitions/time", "default": "5s"},
            "window": {"$ref": "#/definitions/time", "default": "30s"},
            "open": {"$ref": "#/definitions/time", "default": "30s",
                     "description": "until a probe may pass"},
            "probes": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 1,
                       "description": "that have to succeed"},
            "ejected": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5,
                        "description": "share of recipients whose breakers may be open"}}},
        "tasks": {"type": "object", "additionalProperties": false, "properties": {
            "backlog": {"type": "integer", "minimum": 1, "maximum": 10000000, "default": 10000,
                        "description": "tasks that are not ended"},
            "timeout": {"$ref": "#/definitions/time", "default": "5min",
                        "description": "until a worker renews or ends it"},
            "attempts": {"type": "integer", "minimum": 1, "maximum": 100, "default": 5},
            "stuck": {"$ref": "#/definitions/time", "default": "30min",
                      "description": "of one attempt, renewed or not"},
            "stuck_rule": {"enum": ["requeue", "fail", "list"], "default": "requeue"}}},
        "conversations": {"type": "object", "additionalProperties": false, "properties": {
            "archive": {"$ref": "#/definitions/time", "default": "1d",
                        "description": "idle for so long: archived"},
            "keep": {"$ref": "#/definitions/time", "default": "90d",
                     "description": "idle for so long: forgotten"},
            "most": {"type": "integer", "minimum": 1, "maximum": 100000000, "default": 1000000,
                     "description": "beyond them the longest idle are forgotten"}}},
        "content": {"type": "object", "additionalProperties": false, "properties": {
            "script": {"$ref": "#/definitions/mode", "default": "flag"},
            "sql": {"$ref": "#/definitions/mode", "default": "flag"},
            "examined": {"$ref": "#/definitions/size", "default": "256KiB",
                         "description": "of a message's texts"},
            "rules": {"type": "array", "maxItems": 100, "items": {"type": "object",
                "additionalProperties": false, "required": ["name", "pattern"], "properties": {
                    "name": {"type": "string", "pattern": "^[a-z0-9_.-]{1,64}$"},
                    "pattern": {"type": "string", "minLength": 1, "maxLength": 1000,
                                "description": "Perl's form, for what is in lower case"},
                    "mode": {"$ref": "#/definitions/mode", "default": "flag"}}}}}},
        "webhooks": {"type": "object", "maxProperties": 1000,
            "propertyNames": {"pattern": "^[A-Za-z0-9_-]{1,63}$"},
            "additionalProperties": {"type": "object", "additionalProperties": false,
                "required": ["url", "secret"], "properties": {
                    "url": {"type": "string", "pattern": "^https?://", "maxLength": 2048},
                    "secret": {"type": "string", "description": "whsec_…: by reference"},
                    "former_secret": {"type": "string",
                                      "description": "signed with, too, while it is rotated"},
                    "ca": {"type": "string", "default": "",
                           "description": "file of certificates; empty: the system's"}}}},
        "streams": {"type": "object", "additionalProperties": false, "properties": {
            "age": {"$ref": "#/definitions/time", "default": "7d",
                    "description": "how long entries are kept; 0s: whatever their age"},
            "count": {"type": "integer", "minimum": 0, "maximum": 1000000000, "default": 1000000,
                      "description": "entries of a stream that are kept; 0: no limit"},
            "size": {"$ref": "#/definitions/size", "default": "1GiB",
                     "description": "of their bodies, as they are on the disk; 0B: no limit"}}},
        "rates": {"type": "object", "additionalProperties": false, "properties": {
            "sender": {"$ref": "#/definitions/rate"}, "recipient": {"$ref": "#/definitions/rate"},
            "high": {"$ref": "#/definitions/rate"}, "normal": {"$ref": "#/definitions/rate"},
            "low": {"$ref": "#/definitions/rate"}}}}})";

} // namespace communication
