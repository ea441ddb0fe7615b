// The bodies of the operations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace drafting {

inline constexpr const char* help_as = "who acts; absent: the sender";

struct CreateRequest {
    std::string title;
    std::string id;
    std::string content;
    std::string type;
    std::vector<std::string> tags;
    std::string tone;
    std::string audience;
    std::optional<noa::Json> metadata;
    std::string template_name;
    std::optional<noa::Json> parameters;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("title", &CreateRequest::title, "1 to 500 bytes"),
            noa::optional_field("id", &CreateRequest::id, "[a-z0-9-], 63 at most"),
            noa::optional_field("content", &CreateRequest::content),
            noa::optional_field("type", &CreateRequest::type, "[a-z0-9_-], 63 at most"),
            noa::optional_field("tags", &CreateRequest::tags),
            noa::optional_field("tone", &CreateRequest::tone),
            noa::optional_field("audience", &CreateRequest::audience),
            noa::field("metadata", &CreateRequest::metadata, "an object"),
            noa::optional_field("template", &CreateRequest::template_name,
                                "in the place of content"),
            noa::field("parameters", &CreateRequest::parameters, "of the template"),
            noa::optional_field("as", &CreateRequest::as, help_as));
    }
};

struct GetRequest {
    std::string id;
    std::optional<std::int64_t> version;
    std::uint64_t from = 0;
    bool content = true;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &GetRequest::id),
            noa::field("version", &GetRequest::version, "as it was then; absent: now"),
            noa::optional_field("from", &GetRequest::from, "position that a page goes on from"),
            noa::optional_field("content", &GetRequest::content, "false: without its text"),
            noa::optional_field("as", &GetRequest::as, help_as));
    }
};

struct DraftListRequest {
    std::string status;
    std::string type;
    std::string author;
    std::string tag;
    std::string page;
    std::int64_t limit = 20;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("status", &DraftListRequest::status, "absent: any"),
                           noa::optional_field("type", &DraftListRequest::type),
                           noa::optional_field("author", &DraftListRequest::author),
                           noa::optional_field("tag", &DraftListRequest::tag),
                           noa::optional_field("page", &DraftListRequest::page,
                                               "of the answer that this one goes on from"),
                           noa::optional_field("limit", &DraftListRequest::limit, "1 to 200"),
                           noa::optional_field("as", &DraftListRequest::as, help_as));
    }
};

struct OpenRequest {
    std::string id;
    std::string session;
    std::string name;
    bool observe = false;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &OpenRequest::id),
            noa::optional_field("session", &OpenRequest::session, "to come back as the same one"),
            noa::optional_field("name", &OpenRequest::name, "that others are shown"),
            noa::optional_field("observe", &OpenRequest::observe, "its edits are refused"),
            noa::optional_field("as", &OpenRequest::as, help_as));
    }
};

struct UpdateBody {
    std::string client;
    noa::Json changes;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("clientID", &UpdateBody::client, "1 to 64 bytes"),
            noa::field("changes", &UpdateBody::changes, "a ChangeSet of CodeMirror 6, as JSON"));
    }
};

struct EditRequest {
    std::string id;
    std::int64_t version = 0;
    std::vector<UpdateBody> updates;
    std::string session;
    bool rebase = false;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(noa::field("id", &EditRequest::id),
                           noa::field("version", &EditRequest::version, "that they were made from"),
                           noa::field("updates", &EditRequest::updates, "1 to 1000, in order"),
                           noa::optional_field("session", &EditRequest::session),
                           noa::optional_field("rebase", &EditRequest::rebase,
                                               "over what came since, in the place of a refusal"),
                           noa::optional_field("as", &EditRequest::as, help_as));
    }
};

struct PullRequest {
    std::string id;
    std::int64_t version = 0;
    std::int64_t wait_s = 0;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &PullRequest::id),
            noa::field("version", &PullRequest::version, "what came after it"),
            noa::optional_field("wait_s", &PullRequest::wait_s, "for the first; 60 at most"),
            noa::optional_field("as", &PullRequest::as, help_as));
    }
};

struct PresenceRequest {
    std::string id;
    std::string session;
    std::string name;
    std::optional<noa::Json> cursor;
    std::int64_t version = 0;
    bool observe = false;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &PresenceRequest::id),
            noa::field("session", &PresenceRequest::session),
            noa::optional_field("name", &PresenceRequest::name),
            noa::field("cursor", &PresenceRequest::cursor, "{\"anchor\", \"head\"}"),
            noa::optional_field("version", &PresenceRequest::version, "that the cursor is in"),
            noa::optional_field("observe", &PresenceRequest::observe),
            noa::optional_field("as", &PresenceRequest::as, help_as));
    }
};

struct CloseRequest {
    std::string id;
    std::string session;
    static constexpr auto fields() {
        return noa::fields(noa::field("id", &CloseRequest::id),
                           noa::field("session", &CloseRequest::session));
    }
};

} // namespace drafting
