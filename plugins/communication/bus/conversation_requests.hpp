// The bodies of the operations on conversations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "noa/sdk/json.hpp"

namespace communication {

struct ConversationSetRequest {
    std::string conversation;
    std::string topic;
    std::optional<noa::Json> metadata;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("conversation", &ConversationSetRequest::conversation),
            noa::optional_field("topic", &ConversationSetRequest::topic, "256 bytes at most"),
            noa::field("metadata", &ConversationSetRequest::metadata, "an object"));
    }
};

struct ConversationListRequest {
    std::string conversation;
    std::string participant;
    bool archived = false;
    std::string page;
    std::int64_t limit = 20;
    static constexpr auto fields() {
        return noa::fields(
            noa::optional_field("conversation", &ConversationListRequest::conversation),
            noa::optional_field("participant", &ConversationListRequest::participant,
                                "agent or subject"),
            noa::optional_field("archived", &ConversationListRequest::archived,
                                "those, in the place of the others"),
            noa::optional_field("page", &ConversationListRequest::page,
                                "of the answer that this one goes on from"),
            noa::optional_field("limit", &ConversationListRequest::limit, "1 to 1000"));
    }
};

struct HistoryRequest {
    std::string conversation;
    std::int64_t before = 0;
    std::int64_t limit = 20;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("conversation", &HistoryRequest::conversation),
            noa::optional_field("before", &HistoryRequest::before, "seq that a page goes on from"),
            noa::optional_field("limit", &HistoryRequest::limit, "1 to 100"));
    }
};

struct SearchRequest {
    std::string text;
    std::string conversation;
    std::int64_t before = 0;
    std::int64_t limit = 20;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("text", &SearchRequest::text, "words, all of which are there"),
            noa::optional_field("conversation", &SearchRequest::conversation, "absent: any"),
            noa::optional_field("before", &SearchRequest::before, "seq that a page goes on from"),
            noa::optional_field("limit", &SearchRequest::limit, "1 to 100"));
    }
};

} // namespace communication
