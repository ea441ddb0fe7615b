// Conversations on the disk: who takes part, what they are about, what was said.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "reader.hpp"
#include "store.hpp"

namespace communication {

struct Conversation {
    std::string name;
    std::string topic;
    std::string metadata;      // a JSON object; empty: none
    std::string participants;  // a JSON array of agents and subjects
    std::int64_t messages = 0; // that there ever were
    Millis first_at = 0;
    Millis last_at = 0;
    bool archived = false;
};

struct ConversationQuery {
    std::string name = {}; // empty: any; and so on
    std::string participant = {};
    bool archived = false; // those instead of the others
    // A page goes on behind the last one of the former: when that was active, and its name.
    Millis before = 0; // 0: from the first
    std::string behind = {};
    std::int64_t limit = 20;
};

struct Hit {
    Record record;
    std::string snippet;
};

// The last active first. With a name: that one, archived or not.
[[nodiscard]] Stored<std::vector<Conversation>> list_conversations(noa::sqlite::Database& database,
                                                                   const ConversationQuery& query);
// Of messages that have every word, the newest first. `before`: a seq that a page goes on from.
[[nodiscard]] Stored<std::vector<Hit>> search_messages(Reader& reader, const std::string& words,
                                                       const std::string& conversation, Seq before,
                                                       std::int64_t limit);
// Topic and metadata, where they are said; begins it.
[[nodiscard]] Stored<> set_conversation(Store& store, const Conversation& conversation);
struct IdleTerms {
    Millis archive_before = 0; // idle since then: archived
    Millis forget_before = 0;  // idle since then, and archived: forgotten, topic and all
    std::int64_t kept = 0;     // beyond them they go, the archived and the longest idle first
    std::int64_t most = 1000;  // of each, at a time
};
// How many were archived.
[[nodiscard]] Stored<std::int64_t> archive_conversations(Store& store, const IdleTerms& terms);

} // namespace communication
