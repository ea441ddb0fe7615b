// What is read of the store, and what is done to messages by their ids.
#include <algorithm>
#include <utility>

#include "../store/tables.hpp"
#include "agent.hpp"
#include "noa/sdk/sqlite_operations.hpp"

namespace communication {

namespace {

using noa::Json;

constexpr std::size_t most_ids = 1000;

std::optional<State> state_of(const std::string& name) {
    const auto* found = std::ranges::find(state_names, name);
    return found == std::end(state_names)
               ? std::nullopt
               : std::optional(static_cast<State>(found - std::begin(state_names)));
}

double milliseconds(std::int64_t microseconds) {
    return static_cast<double>(microseconds) / 1000;
}

Json date_or_null(Millis date) {
    return date == 0 ? Json() : Json(date_text(date));
}

std::string_view priority_name(noa::Priority priority) {
    return priority == noa::Priority::high     ? "high"
           : priority == noa::Priority::normal ? "normal"
                                               : "low";
}

} // namespace

void Communication::set_up_records(noa::Setup& setup) {
    setup.operation("show", "A message with its whole life",
                    [this](const IdRequest& request, noa::Responder responder) {
                        show(request, std::move(responder));
                    });
    setup.operation("list", "Messages, the newest first",
                    [this](const ListRequest& request, noa::Responder responder) {
                        list(request, std::move(responder));
                    });
    setup.operation("replay", "Has messages delivered that were given up",
                    [this](const DeadRequest& request, noa::Responder responder) {
                        replay(request, std::move(responder));
                    });
    setup.operation("expire", "Closes messages that were given up for good",
                    [this](const DeadRequest& request, noa::Responder responder) {
                        expire(request, std::move(responder));
                    });
    setup.operation("cancel", "Takes a message back that is not being delivered",
                    [this](const IdRequest& request, noa::Responder responder) {
                        cancel_one(request, std::move(responder));
                    });
    setup.operation("wait", "Answers when a message is settled",
                    [this](const WaitRequest& request, noa::Responder responder) {
                        wait(request, std::move(responder));
                    });
    noa::sqlite::offer_migrations(setup, migrations, [this](auto work, auto done) {
        writer_->run([work = std::move(work)](Store& store) mutable { work(store.database()); },
                     std::move(done));
    });
    backup_.validate_with([](const std::string& directory, const std::stop_token& stop) {
        return noa::sqlite::check_store(directory + "/communication.db", migrations, stop);
    });
    setup.use(backup_);
}

Json Communication::shown(const Record& record) const {
    const Message& message = *record.message;
    const Message* live = deliveries_ ? deliveries_->find(message.seq) : nullptr;
    const Terms& terms = message.terms;
    const bool sent = live != nullptr && live->turn != 0;
    Json out{{"id", id_of(message)},
             {"seq", message.seq},
             {"type", name_of(terms.kind)},
             {"sender", terms.sender},
             {"to", terms.recipient},
             {"state", sent ? "sent" : name_of(live != nullptr ? live->state : message.state)},
             {"attempts", live != nullptr ? live->made : message.made},
             {"max_attempts", terms.attempts},
             {"priority", priority_name(terms.priority)},
             {"created_at", date_text(message.created)}};
    const auto add = [&out](const char* key, const std::string& value) {
        if (!value.empty()) {
            out[key] = value;
        }
    };
    add("operation", terms.operation);
    add("conversation", terms.conversation);
    add("error", record.error);
    if (!terms.flags.empty()) {
        out["flags"] = list_of(terms.flags);
    }
    if (terms.deadline != 0) {
        out["deadline"] = date_text(terms.deadline);
    }
    if (is_open(message.state) && terms.due != 0) {
        out["due_at"] = date_text(terms.due);
    }
    if (record.settled != 0) {
        out["settled_at"] = date_text(record.settled);
    }
    if (message.state == State::acked) {
        out["delivery_ms"] = record.settled - message.created;
        out["attempt_ms"] = milliseconds(record.duration_us);
    }
    return out;
}

void Communication::list(const ListRequest& request, noa::Responder responder) {
    ListQuery query{request.to.value_or(""),
                    request.sender.value_or(""),
                    request.conversation.value_or(""),
                    std::nullopt,
                    request.before,
                    request.limit};
    if (request.limit < 1 || request.limit > 1000) {
        responder.fail(noa::invalid("/limit: expected 1 to 1000"));
        return;
    }
    if (request.state) {
        query.state = state_of(*request.state);
        if (!query.state) {
            responder.fail(noa::invalid("/state: expected queued, failed, acked, dead, expired or "
                                        "cancelled"));
            return;
        }
    }
    look<std::vector<Record>>(
        *reader_, [query](Reader& reader) { return reader.list(query); }, std::move(responder),
        [this, limit = query.limit](const std::vector<Record>& records, noa::Responder back) {
            Json messages = Json::array();
            for (const Record& record : records) {
                messages.push_back(shown(record));
            }
            Json out{{"messages", std::move(messages)}};
            if (static_cast<std::int64_t>(records.size()) == limit) {
                out["before"] = records.back().message->seq;
            }
            back.reply(noa::json_body(out));
        });
}

void Communication::show(const IdRequest& request, noa::Responder responder) {
    look<std::optional<Life>>(
        *reader_, [id = stored_id(request.id)](Reader& reader) { return reader.show(id); },
        std::move(responder),
        [this, id = request.id](const std::optional<Life>& life, noa::Responder back) {
            if (!life) {
                back.fail(noa::not_found("there is no message " + id));
                return;
            }
            Json out = shown(life->record);
            const Terms& terms = life->record.message->terms;
            out["content_type"] = terms.content_type;
            out["traceparent"] = terms.traceparent;
            out["ordered"] = terms.ordered;
            out["hops"] = terms.hops;
            out["metadata"] = Json::parse(terms.metadata, nullptr, false);
            if (out["metadata"].is_discarded()) {
                out["metadata"] = nullptr;
            }
            const bool json = terms.content_type == noa::sdk::json_content_type;
            out["body"] = json ? Json::parse(life->body, nullptr, false) : Json(life->body);
            if (out["body"].is_discarded()) {
                out["body"] = life->body;
            }
            Json failed = Json::array();
            for (const Attempt& one : life->attempts) {
                failed.push_back({{"number", one.number},
                                  {"at", date_text(one.at)},
                                  {"took_ms", milliseconds(one.duration_us)},
                                  {"status", noa::sdk::name_of(one.status)},
                                  {"error", one.text}});
            }
            if (life->record.message->state == State::acked) {
                failed.push_back({{"number", life->record.message->made},
                                  {"at", date_or_null(life->record.settled)},
                                  {"took_ms", milliseconds(life->record.duration_us)},
                                  {"status", "ok"}});
            }
            out["life"] = std::move(failed);
            back.reply(noa::json_body(out));
        });
}

noa::Result<DeadQuery> Communication::dead_query(const DeadRequest& request) const {
    const int ways = (request.ids.empty() ? 0 : 1) + (request.to ? 1 : 0) + (request.all ? 1 : 0);
    if (ways != 1 || request.ids.size() > most_ids) {
        return noa::invalid("body: expected either ids, 1000 at most, or to, or \"all\": true");
    }
    if (request.limit < 1 || request.limit > 10'000) {
        return noa::invalid("/limit: expected 1 to 10000");
    }
    DeadQuery query{{}, request.to.value_or(""), request.limit};
    for (const std::string& id : request.ids) {
        query.ids.push_back(stored_id(id));
    }
    return query;
}

void Communication::replay(const DeadRequest& request, noa::Responder responder) {
    const auto query = dead_query(request);
    if (!query) {
        responder.fail(query.error());
        return;
    }
    look<std::vector<MessagePtr>>(
        *writer_, [query = *query, at = wall()](Store& store) { return store.replay(query, at); },
        std::move(responder),
        [this](std::vector<MessagePtr> messages, noa::Responder back) {
            Json ids = Json::array();
            for (MessagePtr& message : messages) {
                ids.push_back(id_of(*message));
                message->made = 0;
                if (!host().stopping()) {
                    deliveries_->add(std::move(message));
                }
            }
            back.reply(noa::json_body(Json{{"replayed", ids.size()}, {"ids", std::move(ids)}}));
        });
}

void Communication::expire(const DeadRequest& request, noa::Responder responder) {
    const auto query = dead_query(request);
    if (!query) {
        responder.fail(query.error());
        return;
    }
    look<std::int64_t>(
        *writer_, [query = *query, at = wall()](Store& store) { return store.expire(query, at); },
        std::move(responder),
        [](std::int64_t count, noa::Responder back) {
            back.reply(noa::json_body(Json{{"expired", count}}));
        });
}

void Communication::cancel_one(const IdRequest& request, noa::Responder responder) {
    look<std::optional<Life>>(
        *reader_, [id = stored_id(request.id)](Reader& reader) { return reader.show(id); },
        std::move(responder),
        [this, id = request.id](const std::optional<Life>& life, noa::Responder back) {
            if (!life || host().stopping() || !deliveries_->cancel(life->record.message->seq)) {
                back.fail(noa::not_found("no message " + id +
                                         " waits: it is being delivered, is "
                                         "settled, or never was"));
                return;
            }
            const Json told{{"id", id}, {"state", "cancelled"}};
            gathering_->answers.push_back({std::move(back), noa::json_text(told)});
            flush();
        });
}

} // namespace communication
