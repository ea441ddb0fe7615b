// The bodies of the operations on what is not a draft's text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "requests.hpp"

namespace drafting {

struct IdRequest {
    std::string id;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(noa::field("id", &IdRequest::id),
                           noa::optional_field("as", &IdRequest::as, help_as));
    }
};

struct SetRequest {
    std::string id;
    std::optional<std::string> title;
    std::optional<std::string> type;
    std::optional<std::string> tone;
    std::optional<std::string> audience;
    std::optional<std::vector<std::string>> tags;
    std::optional<noa::Json> metadata;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &SetRequest::id), noa::field("title", &SetRequest::title),
            noa::field("type", &SetRequest::type), noa::field("tone", &SetRequest::tone),
            noa::field("audience", &SetRequest::audience), noa::field("tags", &SetRequest::tags),
            noa::field("metadata", &SetRequest::metadata, "an object"),
            noa::optional_field("as", &SetRequest::as, help_as));
    }
};

struct MoveRequest {
    std::string id;
    std::string to;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &MoveRequest::id),
            noa::field("to", &MoveRequest::to, "draft, review, approved, published, archived"),
            noa::optional_field("as", &MoveRequest::as, help_as));
    }
};

struct ShareRequest {
    std::string id;
    std::string name;
    std::string role;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &ShareRequest::id),
            noa::field("name", &ShareRequest::name, "*: whoever is not named"),
            noa::field("role", &ShareRequest::role, "none, viewer, commenter, editor, owner"),
            noa::optional_field("as", &ShareRequest::as, help_as));
    }
};

struct SearchRequest {
    std::string text;
    std::string status;
    std::string type;
    std::string author;
    std::string tag;
    std::int64_t limit = 20;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("text", &SearchRequest::text, "words, all of which are there"),
            noa::optional_field("status", &SearchRequest::status),
            noa::optional_field("type", &SearchRequest::type),
            noa::optional_field("author", &SearchRequest::author),
            noa::optional_field("tag", &SearchRequest::tag),
            noa::optional_field("limit", &SearchRequest::limit, "1 to 200"),
            noa::optional_field("as", &SearchRequest::as, help_as));
    }
};

struct CommentRequest {
    std::string id;
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::optional<std::int64_t> version;
    std::string text;
    std::int64_t reply_to = 0;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &CommentRequest::id),
            noa::optional_field("from", &CommentRequest::from, "of what it is about"),
            noa::optional_field("to", &CommentRequest::to),
            noa::field("version", &CommentRequest::version, "that the two are in; absent: now"),
            noa::field("text", &CommentRequest::text, "1 to 10,000 bytes"),
            noa::optional_field("reply_to", &CommentRequest::reply_to, "number of another"),
            noa::optional_field("as", &CommentRequest::as, help_as));
    }
};

struct CommentSetRequest {
    std::string id;
    std::int64_t number = 0;
    std::optional<std::string> text;
    std::optional<bool> resolved;
    bool drop = false;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &CommentSetRequest::id),
            noa::field("number", &CommentSetRequest::number),
            noa::field("text", &CommentSetRequest::text, "by its author"),
            noa::field("resolved", &CommentSetRequest::resolved),
            noa::optional_field("drop", &CommentSetRequest::drop, "by its author, or an owner"),
            noa::optional_field("as", &CommentSetRequest::as, help_as));
    }
};

} // namespace drafting
