// The bodies of the agent's operations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace config {

using Text = std::optional<std::string>;

inline constexpr const char* name_help = "of a document: [a-z0-9_-]";
inline constexpr const char* layer_help = "absent: \"base\"";
inline constexpr const char* environment_help = "absent: the one that is set";
inline constexpr const char* pointer_help = "JSON pointer; absent: the whole";

struct GetRequest {
    std::string name;
    Text environment;
    Text layer;
    Text pointer;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &GetRequest::name, name_help),
                           noa::field("environment", &GetRequest::environment, environment_help),
                           noa::field("layer", &GetRequest::layer, "one layer, as it is written"),
                           noa::field("pointer", &GetRequest::pointer, pointer_help));
    }
};

// Who and why, in every request that changes something.
struct WriteRequest {
    std::string name;
    Text layer;
    Text pointer;
    std::optional<noa::Json> value; // set, merge; the steps of a patch
    std::optional<std::int64_t> if_version;
    std::optional<std::int64_t> if_revision;
    Text reason;
    Text author;
    bool dry_run = false;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &WriteRequest::name, name_help),
            noa::field("layer", &WriteRequest::layer, layer_help),
            noa::field("pointer", &WriteRequest::pointer, pointer_help),
            noa::field("value", &WriteRequest::value, "what is set; of patch: RFC 6902 or 7386"),
            noa::field("if_version", &WriteRequest::if_version, "0: only if there is none"),
            noa::field("if_revision", &WriteRequest::if_revision, "0: only if there is none"),
            noa::field("reason", &WriteRequest::reason),
            noa::field("author", &WriteRequest::author, "for whom the sender asks"),
            noa::optional_field("dry_run", &WriteRequest::dry_run, "true: only checked"));
    }
};

struct Step {
    std::string op;
    std::string name;
    Text layer;
    Text pointer;
    std::optional<noa::Json> value;
    std::optional<std::int64_t> if_version;
    std::optional<std::int64_t> if_revision;
    static constexpr auto fields() {
        return noa::fields(noa::field("op", &Step::op, "set, unset, patch, expect"),
                           noa::field("name", &Step::name, name_help),
                           noa::field("layer", &Step::layer, layer_help),
                           noa::field("pointer", &Step::pointer, pointer_help),
                           noa::field("value", &Step::value),
                           noa::field("if_version", &Step::if_version),
                           noa::field("if_revision", &Step::if_revision));
    }
};

struct TransactRequest {
    std::vector<Step> steps;
    Text reason;
    Text author;
    bool dry_run = false;
    static constexpr auto fields() {
        return noa::fields(noa::field("steps", &TransactRequest::steps, "128 at most"),
                           noa::field("reason", &TransactRequest::reason),
                           noa::field("author", &TransactRequest::author),
                           noa::optional_field("dry_run", &TransactRequest::dry_run));
    }
};

struct HistoryRequest {
    std::string name;
    Text layer;
    std::int64_t limit = 20;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &HistoryRequest::name, name_help),
                           noa::field("layer", &HistoryRequest::layer, layer_help),
                           noa::optional_field("limit", &HistoryRequest::limit, "1 to 1000"));
    }
};

struct VersionRequest {
    std::string name;
    Text layer;
    std::int64_t version = 0;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &VersionRequest::name, name_help),
            noa::field("layer", &VersionRequest::layer, layer_help),
            noa::optional_field("version", &VersionRequest::version, "absent: the one before"));
    }
};

struct DiffRequest {
    std::string name;
    Text layer;
    std::int64_t from = 0;
    std::int64_t to = 0;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &DiffRequest::name, name_help),
            noa::field("layer", &DiffRequest::layer, layer_help),
            noa::optional_field("from", &DiffRequest::from, "version; absent: the one before"),
            noa::optional_field("to", &DiffRequest::to, "absent: the current one"));
    }
};

struct RollbackRequest {
    std::string name;
    Text layer;
    std::int64_t to = 0;
    Text reason;
    Text author;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &RollbackRequest::name, name_help),
            noa::field("layer", &RollbackRequest::layer, layer_help),
            noa::optional_field("to", &RollbackRequest::to, "version; absent: the one before"),
            noa::field("reason", &RollbackRequest::reason),
            noa::field("author", &RollbackRequest::author));
    }
};

struct ListRequest {
    Text layer;
    Text prefix;
    static constexpr auto fields() {
        return noa::fields(noa::field("layer", &ListRequest::layer, "absent: all"),
                           noa::field("prefix", &ListRequest::prefix, "of names"));
    }
};

struct ChangesRequest {
    std::int64_t since = 0;
    std::vector<std::string> names;
    std::int64_t limit = 256;
    double wait_s = 0;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("since", &ChangesRequest::since, "a revision: what came after it"),
            noa::optional_field("names", &ChangesRequest::names, "of documents; absent: all"),
            noa::optional_field("limit", &ChangesRequest::limit, "1 to 1000"),
            noa::optional_field("wait_s", &ChangesRequest::wait_s,
                                "how long to wait for the first; at most 600"));
    }
};

struct RenderRequest {
    std::string name;
    std::optional<noa::Json> with;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &RenderRequest::name, "of a template"),
                           noa::field("with", &RenderRequest::with, "its parameters"));
    }
};

struct ExplainRequest {
    std::string name;
    Text environment;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &ExplainRequest::name, name_help),
            noa::field("environment", &ExplainRequest::environment, environment_help));
    }
};

struct ImportRequest {
    noa::Json documents;
    Text reason;
    Text author;
    bool replace = false;
    bool dry_run = false;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("documents", &ImportRequest::documents, "by layer, then by name"),
            noa::field("reason", &ImportRequest::reason),
            noa::field("author", &ImportRequest::author),
            noa::optional_field("replace", &ImportRequest::replace,
                                "true: what is not in it goes, in the layers that are"),
            noa::optional_field("dry_run", &ImportRequest::dry_run, "true: only shown"));
    }
};

struct ExportRequest {
    Text layer;
    static constexpr auto fields() {
        return noa::fields(noa::field("layer", &ExportRequest::layer, "absent: all"));
    }
};

struct AuditRequest {
    Text name;
    std::int64_t before = 0;
    std::int64_t limit = 100;
    bool verify = false;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &AuditRequest::name, "of a document; absent: all"),
            noa::optional_field("before", &AuditRequest::before, "seq; absent: from the newest"),
            noa::optional_field("limit", &AuditRequest::limit, "1 to 1000"),
            noa::optional_field("verify", &AuditRequest::verify, "true: goes through the chain"));
    }
};

struct DriftRequest {
    Text name;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &DriftRequest::name, "of a document; absent: all that are watched"));
    }
};

struct HealRequest {
    std::string name;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &HealRequest::name, name_help));
    }
};

struct AcceptRequest {
    std::string name;
    Text layer;
    Text reason;
    Text author;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("name", &AcceptRequest::name, name_help),
            noa::field("layer", &AcceptRequest::layer, "that takes it; absent: \"host\""),
            noa::field("reason", &AcceptRequest::reason),
            noa::field("author", &AcceptRequest::author, "for whom the sender asks"));
    }
};

// Of the host, about its own layer.
struct NoteRequest {
    std::string name;
    std::string state;
    std::string file;
    noa::Json patch;
    static constexpr auto fields() {
        return noa::fields(noa::field("name", &NoteRequest::name, name_help),
                           noa::field("state", &NoteRequest::state, "drifted, healed"),
                           noa::field("file", &NoteRequest::file),
                           noa::field("patch", &NoteRequest::patch, "RFC 6902"));
    }
};

} // namespace config
