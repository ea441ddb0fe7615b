// The JSON Schema of what an operator sets.
#pragma once

namespace drafting {

// Sizes and durations are texts with a unit.
inline constexpr const char* settings_schema = R"({
    "type": "object", "additionalProperties": false,
    "definitions": {
        "path": {"type": "string", "pattern": "^/"},
        "size": {"type": "string", "pattern": "^([0-9]+(B|KiB|MiB|GiB|kB|MB|GB))+$"},
        "time": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$"}},
    "properties": {
        "auto_save": {"$ref": "#/definitions/time", "default": "30s",
                      "description": "how often texts that changed are put down whole"},
        "idle": {"$ref": "#/definitions/time", "default": "5min",
                 "description": "how long a draft that nobody uses stays in memory"},
        "quotas": {"type": "object", "additionalProperties": false, "properties": {
            "draft": {"$ref": "#/definitions/size", "default": "10MiB",
                      "description": "of a text, 1KiB to 12MiB"},
            "drafts": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 10000},
            "author": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 2000,
                       "description": "drafts of one author"},
            "total": {"$ref": "#/definitions/size", "default": "1GiB",
                      "description": "of all texts"},
            "open": {"$ref": "#/definitions/size", "default": "96MiB",
                     "description": "of texts in memory"}}},
        "sessions": {"type": "object", "additionalProperties": false, "properties": {
            "most": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 500},
            "draft": {"type": "integer", "minimum": 1, "maximum": 10000, "default": 100,
                      "description": "of one draft"},
            "silent": {"$ref": "#/definitions/time", "default": "1min",
                       "description": "after which one is taken for gone"},
            "edits_per_second": {"type": "integer", "minimum": 1, "maximum": 100000,
                                 "default": 100, "description": "of one session"}}},
        "history": {"type": "object", "additionalProperties": false, "properties": {
            "compact": {"$ref": "#/definitions/time", "default": "7d",
                        "description": "older changes in a row of one author are joined"},
            "step": {"$ref": "#/definitions/time", "default": "10min",
                     "description": "no more time than that is joined"},
            "size": {"$ref": "#/definitions/size", "default": "64MiB",
                     "description": "of the changes of a draft; beyond it the oldest go"}}},
        "analysis": {"type": "object", "additionalProperties": false, "properties": {
            "plain_english": {"type": "boolean", "default": true,
                              "description": "the rules that come with noa"},
            "rules": {"type": "array", "maxItems": 20, "default": [],
                      "items": {"$ref": "#/definitions/path"},
                      "description": "files of rules, for every draft"},
            "type_rules": {"type": "object", "default": {},
                           "additionalProperties": {"type": "array", "maxItems": 20,
                                                    "items": {"$ref": "#/definitions/path"}},
                           "description": "files of rules by a draft's type, over the others"},
            "dictionary": {"type": "string", "default": "/usr/share/hunspell/en_US",
                           "description": "without .aff; none: no spelling"},
            "words": {"type": "array", "maxItems": 20, "default": [],
                      "items": {"$ref": "#/definitions/path"},
                      "description": "personal dictionaries, a word a line"},
            "hyphenation": {"type": "string", "default": "/usr/share/hyphen/hyph_en_US.dic"},
            "thesaurus": {"type": "string", "default": "/usr/share/mythes/th_en_US_v2",
                          "description": "without .idx"},
            "pdf_program": {"type": "string", "default": "",
                            "description": "weasyprint, chromium or a path; none: what is there"}}},
        "model": {"type": "object", "additionalProperties": false, "properties": {
            "url": {"type": "string", "maxLength": 1000, "default": "",
                    "description": "of a server with OpenAI's API, before /chat/completions; none: no model"},
            "name": {"type": "string", "maxLength": 200, "default": ""},
            "key": {"type": "string", "maxLength": 4000, "default": "",
                    "description": "by reference"},
            "ca": {"type": "string", "maxLength": 1000, "default": "",
                   "description": "a file of certificates; none: the system's"},
            "timeout": {"$ref": "#/definitions/time", "default": "2min"}}},
        "lifecycle": {"type": "object", "additionalProperties": false, "properties": {
            "archive": {"$ref": "#/definitions/time", "default": "0s",
                        "description": "unchanged for so long: archived; 0s: never"},
            "expire": {"$ref": "#/definitions/time", "default": "0s",
                       "description": "archived for so long: gone for good; 0s: never"},
            "types": {"type": "array", "maxItems": 200, "default": [],
                      "items": {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,62}$"},
                      "description": "of documents there may be; none: any"}}}}})";

} // namespace drafting
