// What is not a draft's text: what it is called, where it stands, who may do what with it.
#include <algorithm>
#include <utility>

#include "agent.hpp"

namespace drafting {

namespace {

constexpr std::size_t most_collaborators = 200;
constexpr std::size_t longest_search = 256;
constexpr std::int64_t looked_at_once = 100;

Millis millis(noa::Duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
}

} // namespace

void Drafting::set_up_lifecycle(noa::Setup& setup) {
    offer(setup, "set", "Title, type, tags and the like of a draft", &Drafting::set);
    offer(setup, "move", "Moves a draft to another status", &Drafting::move);
    offer(setup, "delete", "Takes a draft away, with all its history", &Drafting::drop);
    offer(setup, "share", "What somebody may do with a draft", &Drafting::share);
    offer(setup, "search", "Drafts that have certain words", &Drafting::search);
}

// As it is now in memory.
void Drafting::stage_draft(OpenDraft& draft) {
    const Draft& facts = draft.authority.draft();
    gathering_->versions[facts.id] = draft.authority.version();
    gathering_->batch.steps.emplace_back([facts](Store& store) { return store.put(facts); });
}

void Drafting::answer_changed(OpenDraft& draft, noa::Responder responder) {
    stage_draft(draft);
    noa::Json out = told(draft.authority.draft(), draft.authority.version());
    event(draft.authority.draft().id, "changed", noa::json_text(out));
    when_committed(std::move(responder), [out = std::move(out)](noa::Responder back) {
        back.reply(noa::json_body(out));
    });
}

void Drafting::set(const SetRequest& request, const noa::Request& message,
                   noa::Responder responder) {
    with_draft_as(request.id, who(request.as, message), Role::editor, std::move(responder),
                  [this, request](OpenDraft& draft, noa::Responder back) {
                      Draft wanted = draft.authority.draft();
                      wanted.title = request.title.value_or(wanted.title);
                      wanted.type = request.type.value_or(wanted.type);
                      wanted.tone = request.tone.value_or(wanted.tone);
                      wanted.audience = request.audience.value_or(wanted.audience);
                      wanted.tags = request.tags.value_or(wanted.tags);
                      wanted.updated = date();
                      if (request.metadata) {
                          wanted.metadata = noa::json_text(*request.metadata);
                      }
                      noa::Status good = check(wanted);
                      if (good && request.metadata && !request.metadata->is_object()) {
                          good = noa::invalid("/metadata: must be an object");
                      }
                      if (!good) {
                          back.fail(std::move(good).error());
                          return;
                      }
                      draft.authority.draft() = std::move(wanted);
                      answer_changed(draft, std::move(back));
                  });
}

void Drafting::move(const MoveRequest& request, const noa::Request& message,
                    noa::Responder responder) {
    const auto to = named<Status>(status_names, request.to);
    const auto as = who(request.as, message);
    if (!to) {
        responder.fail(noa::invalid("/to: must be draft, review, approved, published or archived"));
        return;
    }
    // What others have agreed to, or no longer see, is for owners to say.
    const Role least = *to == Status::review || *to == Status::draft ? Role::editor : Role::owner;
    with_draft_as(request.id, as, least, std::move(responder),
                  [this, to = *to](OpenDraft& draft, noa::Responder back) {
                      Draft& facts = draft.authority.draft();
                      if (!may_become(facts.status, to)) {
                          back.fail(noa::Error{
                              NOA_E_STATE, "a draft that is " + std::string(name_of(facts.status)) +
                                               " does not become " + std::string(name_of(to))});
                          return;
                      }
                      facts.status = to;
                      facts.updated = date();
                      answer_changed(draft, std::move(back));
                  });
}

void Drafting::drop(const IdRequest& request, const noa::Request& message,
                    noa::Responder responder) {
    with_draft_as(
        request.id, who(request.as, message), Role::owner, std::move(responder),
        [this, id = request.id](OpenDraft&, noa::Responder back) {
            gathering_->batch.steps.emplace_back([id](Store& store) { return store.drop(id); });
            event(id, "changed", noa::json_text(noa::Json{{"id", id}, {"deleted", true}}));
            sessions_.drop_all(id);
            dropping_.insert(id);
            when_committed(std::move(back), [this, id](noa::Responder rest) {
                dropping_.erase(id);
                rest.reply(noa::json_body(noa::Json{{"id", id}}));
            });
            open_.erase(id);
        });
}

void Drafting::share(const ShareRequest& request, const noa::Request& message,
                     noa::Responder responder) {
    const auto role = named<Role>(role_names, request.role);
    if (!role || request.name.empty() || request.name.size() > 128 || !is_utf8(request.name)) {
        responder.fail(noa::invalid("/name: 1 to 128 bytes; /role: none, viewer, commenter, "
                                    "editor or owner"));
        return;
    }
    with_draft_as(
        request.id, who(request.as, message), Role::owner, std::move(responder),
        [this, name = request.name, role = *role](OpenDraft& draft, noa::Responder back) {
            Draft& facts = draft.authority.draft();
            if (name == "*") {
                facts.others = role;
            } else if (name == facts.author) {
                back.fail(noa::invalid("/name: is the author, who stays its owner"));
                return;
            } else {
                auto& all = facts.collaborators;
                const auto known = std::ranges::find(all, name, &Collaborator::name);
                if (known != all.end()) {
                    known->role = role;
                } else if (all.size() >= most_collaborators) {
                    back.fail(noa::Error{NOA_E_STATE, "200 collaborators are all there may be"});
                    return;
                } else {
                    all.push_back({name, role});
                }
            }
            answer_changed(draft, std::move(back));
        });
}

void Drafting::search(const SearchRequest& request, const noa::Request& message,
                      noa::Responder responder) {
    ListQuery query;
    query.status = named<Status>(status_names, request.status);
    query.type = request.type;
    query.author = request.author;
    query.tag = request.tag;
    query.limit = request.limit;
    const auto as = who(request.as, message);
    const bool blank = request.text.find_first_not_of(" \t\n") == std::string::npos;
    if (!as || blank || request.text.size() > longest_search || !is_utf8(request.text) ||
        request.text.find('\0') != std::string::npos || request.limit < 1 || request.limit > 200 ||
        (!request.status.empty() && !query.status)) {
        responder.fail(as ? noa::invalid("/text: 1 to 256 bytes of words; /limit: 1 to 200; "
                                         "/status: one that there is")
                          : as.error());
        return;
    }
    look<std::vector<Found>>(
        std::move(responder),
        [words = request.text, query](Reader& reader) { return reader.search(words, query); },
        [this, as = *as](const std::vector<Found>& all, noa::Responder back) {
            noa::Json drafts = noa::Json::array();
            for (const Found& one : all) {
                if (one.draft.role_of(as) >= Role::viewer) {
                    noa::Json entry = told(one.draft, 0);
                    entry.erase("version");
                    entry["snippet"] = one.snippet;
                    drafts.push_back(std::move(entry));
                }
            }
            back.reply(noa::json_body(noa::Json{{"drafts", std::move(drafts)}}));
        });
}

// What was put down, and what is in memory beyond that.
void Drafting::count_bytes() {
    auto result = std::make_unique<Stored<std::int64_t>>(0);
    auto* place = result.get();
    reader_->run([place](Reader& reader) { *place = reader.total_bytes(); },
                 [this, result = std::move(result)] {
                     if (*result && !closing_) {
                         total_bytes_ = **result;
                     }
                 });
}

// A few at a time: what is unchanged for long is archived, what is archived for long goes. Drafts
// in memory are in use, and wait.
void Drafting::look_after_age() {
    count_bytes();
    const Millis archive = millis(settings_.lifecycle.archive);
    const Millis expire = millis(settings_.lifecycle.expire);
    if (!store_fault_.empty() || (archive == 0 && expire == 0)) {
        return;
    }
    const auto status = [](Status one) { return std::to_string(static_cast<int>(one)); };
    const std::string limit = " LIMIT " + std::to_string(looked_at_once) + ")";
    const std::string archived = status(Status::archived);
    const Millis now = date();
    std::string open = "'['";
    for (const auto& [id, draft] : open_) {
        open += ", '" + id + "'"; // of [a-z0-9-]
    }
    if (archive > 0) {
        const std::string sql = "UPDATE documents SET status = " + archived +
                                ", updated = ?2 WHERE id IN (SELECT id FROM documents WHERE status "
                                "<> " +
                                archived + " AND updated < ?1 AND id NOT IN (" + open + ")" + limit;
        gathering_->batch.steps.emplace_back([sql, now, archive](Store& store) {
            return done(store.database(), sql, now - archive, now);
        });
    }
    if (expire > 0) {
        const std::string sql = "SELECT id FROM documents WHERE status = " + archived +
                                " AND updated < ? AND id NOT IN (" + open + ") LIMIT " +
                                std::to_string(looked_at_once);
        gathering_->batch.steps.emplace_back([sql, now, expire](Store& store) {
            std::vector<std::string> ids;
            auto gone = each_row(
                store.database(), sql,
                [&ids](const noa::sqlite::Statement& row) -> Stored<> {
                    auto id = row.get<std::string>(0);
                    ids.push_back(id ? *id : "");
                    return id ? Stored<>() : Stored<>(id.error());
                },
                now - expire);
            for (std::size_t at = 0; gone && at < ids.size(); ++at) {
                gone = store.drop(ids[at]);
            }
            return gone;
        });
    }
    flush();
}

// One draft at a time.
void Drafting::look_after_history() {
    if (reader_ == nullptr || in_flight_ || !store_fault_.empty()) {
        return;
    }
    const Millis before = date() - millis(settings_.history.compact);
    auto result = std::make_unique<Stored<std::string>>(std::string());
    auto* place = result.get();
    reader_->run(
        [place, after = compacted_, before](Reader& reader) {
            *place = reader.next_with_changes(after, before);
        },
        [this, before, result = std::move(result)] {
            if (closing_ || !*result) {
                return;
            }
            compacted_ = **result;
            if (compacted_.empty()) {
                return;
            }
            gathering_->batch.steps.emplace_back(
                [id = compacted_, before, step = millis(settings_.history.step)](Store& store) {
                    auto gone = store.compact(id, before, step);
                    return gone ? Stored<>() : Stored<>(gone.error());
                });
            flush();
        });
}

} // namespace drafting
