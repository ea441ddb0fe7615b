#include "conversations.hpp"

#include <algorithm>

#include "noa/sdk/sqlite_store.hpp"
#include "rows.hpp"

namespace communication {

namespace {

// Texts that no operator is in: each word, or all at once as a phrase.
std::string phrase_of(std::string_view word) {
    std::string out = "\"";
    for (const char letter : word) {
        out.append(letter == '"' ? 2 : 1, letter);
    }
    return out += '"';
}

std::string match_of(std::string_view words, const std::string& conversation) {
    constexpr std::string_view spaces = " \t\r\n";
    std::string out =
        conversation.empty() ? "text : (" : "conversation : " + phrase_of(conversation);
    out += conversation.empty() ? "" : " AND text : (";
    for (std::size_t at = words.find_first_not_of(spaces); at < words.size();) {
        const std::size_t end = std::min(words.find_first_of(spaces, at), words.size());
        out += phrase_of(words.substr(at, end - at)) + " ";
        at = words.find_first_not_of(spaces, end);
    }
    return out += ")";
}

// The one condition that an index serves best, and the rest as filters.
std::string sql_of(const ConversationQuery& query) {
    return "SELECT conversation, ifnull(topic, ''), ifnull(metadata, ''), (SELECT '[\"' || "
           "group_concat(agent, '\",\"') || '\"]' FROM (SELECT agent FROM participants p WHERE "
           "p.conversation = c.conversation LIMIT 1000)), messages, first_at, last_at, archived "
           "FROM conversations c WHERE (?1 = '' OR conversation = ?1) AND (?2 = '' OR "
           "conversation IN (SELECT conversation FROM participants WHERE agent = ?2)) AND "
           "(?1 <> '' OR archived = ?3) AND (?4 = 0 OR (last_at, conversation) < (?4, ?5))" +
           std::string(query.name.empty() ? " AND archived = ?3" : " AND conversation = ?1") +
           " ORDER BY last_at DESC, conversation DESC LIMIT ?6";
}

} // namespace

Stored<std::vector<Conversation>> list_conversations(noa::sqlite::Database& database,
                                                     const ConversationQuery& query) {
    auto select = database.prepare(sql_of(query));
    auto bound = select ? select->bind(query.name, query.participant, query.archived, query.before,
                                       query.behind, query.limit)
                        : Stored<>(select.error());
    std::vector<Conversation> all;
    auto read =
        bound
            ? each_row(
                  *select,
                  [&all](noa::sqlite::Statement& at) -> Stored<> {
                      auto row =
                          at.row<std::string, std::string, std::string, std::optional<std::string>,
                                 std::int64_t, Millis, Millis, bool>();
                      if (!row) {
                          return row.error();
                      }
                      std::optional<std::string> participants;
                      Conversation& one = all.emplace_back();
                      std::tie(one.name, one.topic, one.metadata, participants, one.messages,
                               one.first_at, one.last_at, one.archived) = *std::move(row);
                      one.participants = participants.value_or("[]");
                      return {};
                  })
            : bound;
    return read ? Stored<std::vector<Conversation>>(std::move(all))
                : Stored<std::vector<Conversation>>(read.error());
}

Stored<std::vector<Hit>> search_messages(Reader& reader, const std::string& words,
                                         const std::string& conversation, Seq before,
                                         std::int64_t limit) {
    auto select = reader.database().prepare(
        "SELECT t.rowid, snippet(conversation_text, 1, '[', ']', '…', 12) FROM conversation_text "
        "t JOIN messages m ON m.seq = t.rowid WHERE conversation_text MATCH ?1 AND (?2 = '' OR "
        "m.conversation = ?2) AND (?3 = 0 OR t.rowid < ?3) ORDER BY t.rowid DESC LIMIT ?4");
    auto bound = select ? select->bind(match_of(words, conversation), conversation, before, limit)
                        : Stored<>(select.error());
    std::vector<std::pair<Seq, std::string>> hits;
    auto read = bound ? each_row(*select,
                                 [&hits](noa::sqlite::Statement& at) -> Stored<> {
                                     auto row = at.row<Seq, std::string>();
                                     if (!row) {
                                         return row.error();
                                     }
                                     hits.emplace_back(std::get<0>(*row), std::get<1>(*row));
                                     return {};
                                 })
                      : bound;
    std::vector<Hit> found;
    for (std::size_t at = 0; read && at < hits.size(); ++at) {
        auto life = reader.show("#" + std::to_string(hits[at].first));
        if (!life) {
            read = life.error();
        } else if (*life) {
            found.push_back({std::move((*life)->record), std::move(hits[at].second)});
        }
    }
    return read ? Stored<std::vector<Hit>>(std::move(found))
                : Stored<std::vector<Hit>>(noa::sqlite::with_advice(read.error()));
}

Stored<> set_conversation(Store& store, const Conversation& conversation) {
    auto put = store.database().prepare(
        "INSERT INTO conversations VALUES(?1, nullif(?2, ''), nullif(?3, ''), 0, ?4, ?4, 0) ON "
        "CONFLICT(conversation) DO UPDATE SET topic = ifnull(nullif(?2, ''), topic), metadata = "
        "ifnull(nullif(?3, ''), metadata)");
    auto run = put ? put->run(conversation.name, conversation.topic, conversation.metadata,
                              conversation.last_at)
                   : Stored<std::int64_t>(put.error());
    return run ? Stored<>() : Stored<>(noa::sqlite::with_advice(run.error()));
}

Stored<std::int64_t> archive_conversations(Store& store, const IdleTerms& terms) {
    auto archive = store.database().prepare(
        "UPDATE conversations SET archived = 1 WHERE conversation IN (SELECT conversation FROM "
        "conversations WHERE archived = 0 AND last_at < ? LIMIT ?)");
    auto remove = store.database().prepare(
        "DELETE FROM conversations WHERE conversation IN (SELECT conversation FROM conversations "
        "WHERE archived = 1 AND last_at < ? LIMIT ?)");
    auto bound = store.database().prepare(
        "DELETE FROM conversations WHERE conversation IN (SELECT conversation FROM conversations "
        "WHERE archived = ? ORDER BY last_at LIMIT min(max((SELECT count(*) FROM conversations) - "
        "?, 0), ?))");
    for (const auto* one : {&archive, &remove, &bound}) {
        if (!*one) {
            return noa::sqlite::with_advice(one->error());
        }
    }
    auto archived = archive->run(terms.archive_before, terms.most);
    auto gone = archived ? remove->run(terms.forget_before, terms.most) : archived;
    gone = gone ? bound->run(true, terms.kept, terms.most) : gone;
    gone = gone ? bound->run(false, terms.kept, terms.most) : gone;
    return gone ? archived : Stored<std::int64_t>(noa::sqlite::with_advice(gone.error()));
}

} // namespace communication
