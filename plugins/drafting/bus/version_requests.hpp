// The bodies of the operations on versions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "requests.hpp"

namespace drafting {

struct ReplaceRequest {
    std::string id;
    std::string content;
    std::optional<std::int64_t> version;
    std::string client;
    std::string message;
    std::string merged_from;
    std::int64_t merged_version = 0;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &ReplaceRequest::id),
            noa::field("content", &ReplaceRequest::content, "the whole of it"),
            noa::field("version", &ReplaceRequest::version,
                       "that it was made from; what came since stays"),
            noa::optional_field("clientID", &ReplaceRequest::client),
            noa::optional_field("message", &ReplaceRequest::message, "of a revision"),
            noa::optional_field("merged_from", &ReplaceRequest::merged_from,
                                "a merge whose conflicts are settled by it"),
            noa::optional_field("merged_version", &ReplaceRequest::merged_version,
                                "from_version of that merge"),
            noa::optional_field("as", &ReplaceRequest::as, help_as));
    }
};

struct ReviseRequest {
    std::string id;
    std::string message;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &ReviseRequest::id),
            noa::optional_field("message", &ReviseRequest::message, "1,000 bytes at most"),
            noa::optional_field("as", &ReviseRequest::as, help_as));
    }
};

struct HistoryRequest {
    std::string id;
    std::int64_t before = 0;
    std::int64_t limit = 100;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &HistoryRequest::id),
            noa::optional_field("before", &HistoryRequest::before,
                                "version that a page goes on from; 0: from the newest"),
            noa::optional_field("limit", &HistoryRequest::limit, "1 to 1000"),
            noa::optional_field("as", &HistoryRequest::as, help_as));
    }
};

struct DiffRequest {
    std::string id;
    std::int64_t from = 0;
    std::optional<std::int64_t> to;
    bool words = false;
    std::uint32_t context = 3;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &DiffRequest::id),
            noa::optional_field("from", &DiffRequest::from, "version; 0: how it began"),
            noa::field("to", &DiffRequest::to, "version; absent: now"),
            noa::optional_field("words", &DiffRequest::words,
                                "by words: a change, and what it takes away"),
            noa::optional_field("context", &DiffRequest::context, "lines around, 100 at most"),
            noa::optional_field("as", &DiffRequest::as, help_as));
    }
};

struct RestoreRequest {
    std::string id;
    std::int64_t version = 0;
    std::string message;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &RestoreRequest::id),
            noa::field("version", &RestoreRequest::version, "whose text it is to have again"),
            noa::optional_field("message", &RestoreRequest::message, "of the revision"),
            noa::optional_field("as", &RestoreRequest::as, help_as));
    }
};

struct BranchRequest {
    std::string id;
    std::string branch;
    std::string title;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(noa::field("id", &BranchRequest::id),
                           noa::optional_field("branch", &BranchRequest::branch, "its id"),
                           noa::optional_field("title", &BranchRequest::title),
                           noa::optional_field("as", &BranchRequest::as, help_as));
    }
};

struct MergeRequest {
    std::string id;
    std::string from;
    std::string as;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("id", &MergeRequest::id),
            noa::field("from", &MergeRequest::from, "a branch of it, or what it branched off"),
            noa::optional_field("as", &MergeRequest::as, help_as));
    }
};

} // namespace drafting
