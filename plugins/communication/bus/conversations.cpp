// Conversations: who takes part, what was said, and what is found in it.
#include <charconv>
#include <utility>

#include "../store/conversations.hpp"
#include "agent.hpp"

namespace communication {

namespace {

constexpr std::size_t longest_conversation = 128;
constexpr std::size_t longest_topic = 256;
constexpr std::size_t largest_metadata = 16U << 10U;
constexpr std::size_t longest_search = 256;
constexpr std::int64_t most_listed = 1000;
constexpr std::int64_t most_shown = 100;
constexpr std::uint64_t bytes_shown = 8U << 20U;

Millis idle_ms(noa::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

noa::Json told_conversation(const Conversation& one) {
    noa::Json out{{"conversation", one.name},
                  {"participants", noa::Json::parse(one.participants, nullptr, false)},
                  {"messages", one.messages},
                  {"created_at", date_text(one.first_at)},
                  {"last_activity", date_text(one.last_at)},
                  {"archived", one.archived}};
    if (!one.topic.empty()) {
        out["topic"] = one.topic;
    }
    if (!one.metadata.empty()) {
        out["metadata"] = noa::Json::parse(one.metadata, nullptr, false);
    }
    return out;
}

// As JSON where it is that, else as a text.
noa::Json body_of(const std::string& body) {
    auto value = noa::Json::parse(body, nullptr, false);
    return value.is_discarded() ? noa::Json(body) : value;
}

// "1764150000000/c-7": where a page ends.
std::string page_behind(const Conversation& last) {
    return std::to_string(last.last_at) + "/" + last.name;
}

noa::Status read_page(const std::string& page, ConversationQuery& ret_query) {
    const char* end = page.data() + page.size();
    const auto [rest, error] = std::from_chars(page.data(), end, ret_query.before);
    if (error != std::errc() || rest == end || *rest != '/' || ret_query.before <= 0) {
        return noa::invalid("/page: must be one that a list gave");
    }
    ret_query.behind.assign(rest + 1, end);
    return {};
}

} // namespace

void Communication::set_up_conversations(noa::Setup& setup) {
    setup.operation("conversation.set", "Says what a conversation is about",
                    [this](const ConversationSetRequest& request, noa::Responder responder) {
                        set_conversation(request, std::move(responder));
                    });
    setup.operation("conversation.list", "Conversations, the last active first",
                    [this](const ConversationListRequest& request, noa::Responder responder) {
                        list_conversations(request, std::move(responder));
                    });
    setup.operation("conversation.history", "Messages of a conversation, the newest first",
                    [this](const HistoryRequest& request, noa::Responder responder) {
                        show_history(request, std::move(responder));
                    });
    setup.operation("conversation.search", "Messages of conversations that have certain words",
                    [this](const SearchRequest& request, noa::Responder responder) {
                        search(request, std::move(responder));
                    });
}

void Communication::set_conversation(const ConversationSetRequest& request,
                                     noa::Responder responder) {
    Conversation wanted;
    wanted.name = request.conversation;
    wanted.topic = request.topic;
    wanted.metadata = request.metadata ? noa::json_text(*request.metadata) : "";
    wanted.last_at = wall();
    if (wanted.name.empty() || wanted.name.size() > longest_conversation ||
        wanted.topic.size() > longest_topic || wanted.metadata.size() > largest_metadata ||
        (request.metadata && !request.metadata->is_object())) {
        responder.fail(noa::invalid("/conversation: 1 to 128 bytes; /topic: 256 at most; "
                                    "/metadata: an object, 16KiB at most"));
        return;
    }
    look<bool>(
        *writer_,
        [wanted = std::move(wanted)](Store& store) -> Stored<bool> {
            auto set = communication::set_conversation(store, wanted);
            return set ? Stored<bool>(true) : Stored<bool>(set.error());
        },
        std::move(responder),
        [name = request.conversation](bool, noa::Responder back) {
            back.reply(noa::json_body(noa::Json{{"conversation", name}}));
        });
}

void Communication::list_conversations(const ConversationListRequest& request,
                                       noa::Responder responder) {
    ConversationQuery query{request.conversation, request.participant, request.archived};
    query.limit = request.limit;
    if (request.limit < 1 || request.limit > most_listed) {
        responder.fail(noa::invalid("/limit: expected 1 to 1000"));
        return;
    }
    if (noa::Status read = request.page.empty() ? noa::Status() : read_page(request.page, query);
        !read) {
        responder.fail(std::move(read).error());
        return;
    }
    look<std::vector<Conversation>>(
        *reader_,
        [query](Reader& reader) {
            return communication::list_conversations(reader.database(), query);
        },
        std::move(responder),
        [limit = query.limit](const std::vector<Conversation>& all, noa::Responder back) {
            noa::Json listed = noa::Json::array();
            for (const Conversation& one : all) {
                listed.push_back(told_conversation(one));
            }
            noa::Json out{{"conversations", std::move(listed)}};
            if (static_cast<std::int64_t>(all.size()) == limit) {
                out["page"] = page_behind(all.back());
            }
            back.reply(noa::json_body(out));
        });
}

void Communication::show_history(const HistoryRequest& request, noa::Responder responder) {
    using Said = std::vector<std::pair<Record, std::string>>;
    if (request.conversation.empty() || request.limit < 1 || request.limit > most_shown) {
        responder.fail(noa::invalid("/conversation: must be there; /limit: expected 1 to 100"));
        return;
    }
    look<Said>(
        *reader_,
        [request](Reader& reader) -> Stored<Said> {
            ListQuery query;
            query.conversation = request.conversation;
            query.before = request.before;
            query.limit = request.limit;
            auto records = reader.list(query);
            Said said;
            std::uint64_t bytes = 0;
            for (std::size_t at = 0; records && at < records->size() && bytes < bytes_shown; ++at) {
                auto body = reader.body((*records)[at].message->seq);
                if (!body) {
                    return body.error();
                }
                bytes += body->size();
                said.emplace_back(std::move((*records)[at]), *std::move(body));
            }
            return records ? Stored<Said>(std::move(said)) : Stored<Said>(records.error());
        },
        std::move(responder),
        [this](const Said& said, noa::Responder back) {
            noa::Json messages = noa::Json::array();
            for (const auto& [record, body] : said) {
                noa::Json one = shown(record);
                one["body"] = body_of(body);
                messages.push_back(std::move(one));
            }
            noa::Json out{{"messages", std::move(messages)}};
            if (!said.empty()) {
                out["before"] = said.back().first.message->seq;
            }
            back.reply(noa::json_body(out));
        });
}

void Communication::search(const SearchRequest& request, noa::Responder responder) {
    if (request.text.find_first_not_of(" \t\n") == std::string::npos ||
        request.text.size() > longest_search || request.limit < 1 || request.limit > most_shown) {
        responder.fail(noa::invalid("/text: 1 to 256 bytes; /limit: expected 1 to 100"));
        return;
    }
    look<std::vector<Hit>>(
        *reader_,
        [request](Reader& reader) {
            return search_messages(reader, request.text, request.conversation, request.before,
                                   request.limit);
        },
        std::move(responder),
        [this](const std::vector<Hit>& found, noa::Responder back) {
            noa::Json messages = noa::Json::array();
            for (const Hit& one : found) {
                noa::Json told = shown(one.record);
                told["snippet"] = one.snippet;
                messages.push_back(std::move(told));
            }
            noa::Json out{{"messages", std::move(messages)}};
            if (!found.empty()) {
                out["before"] = found.back().record.message->seq;
            }
            back.reply(noa::json_body(out));
        });
}

void Communication::archive_idle() {
    if (writer_ == nullptr || !store_fault_.empty()) {
        return;
    }
    auto archived = std::make_unique<Stored<std::int64_t>>(0);
    auto* place = archived.get();
    const ConversationSettings& settings = settings_.conversations;
    IdleTerms terms;
    terms.archive_before = wall() - idle_ms(settings.archive);
    terms.forget_before = wall() - idle_ms(settings.keep);
    terms.kept = static_cast<std::int64_t>(settings.most);
    writer_->run([place, terms](Store& store) { *place = archive_conversations(store, terms); },
                 [this, archived = std::move(archived)] {
                     if (!*archived) {
                         log(noa::Level::warning, "conversations.archive_failed",
                             archived->error().message());
                     }
                 });
}

} // namespace communication
