// Remarks about places in a text, which move with it.
#include <algorithm>
#include <utility>

#include "agent.hpp"

namespace drafting {

namespace {

constexpr std::size_t most_comments = 2000;
constexpr std::size_t longest_comment = 10'000;
constexpr std::size_t most_said = 8 << 20; // of all: `list` is one message
constexpr std::size_t longest_quote = 200; // units

noa::Json told_comment(const Comment& comment) {
    noa::Json out = noa::Json::parse(comment.told, nullptr, false);
    if (out.is_object()) {
        out["from"] = comment.first;
        out["to"] = comment.last;
    }
    return out;
}

// Whether all would be too long with `one` as it is to be; null: it fits.
std::optional<noa::Error> check_said(const std::vector<Comment>& all, const Comment& one) {
    std::size_t bytes = one.told.size();
    for (const Comment& other : all) {
        bytes += other.number == one.number ? 0 : other.told.size();
    }
    return bytes > most_said
               ? std::optional(noa::Error{NOA_E_STATE, "8 MiB is all that may be said of a draft"})
               : std::nullopt;
}

} // namespace

void Drafting::set_up_comments(noa::Setup& setup) {
    offer(setup, "comment.add", "Says something about a place in a text", &Drafting::add_comment);
    offer(setup, "comment.set", "Changes a comment, resolves it, or takes it away",
          &Drafting::set_comment);
    offer(setup, "comment.list", "What was said about a text, and where it is now",
          &Drafting::list_comments);
    setup.event("drafts.ID.comments", {.summary = "A comment came, changed, or went"});
}

void Drafting::stage_comment(OpenDraft& draft, const Comment& comment, noa::Responder responder) {
    const std::string& id = draft.authority.draft().id;
    gathering_->versions[id] = draft.authority.version();
    gathering_->batch.steps.emplace_back(
        [id, comment](Store& store) { return store.put(id, comment); });
    noa::Json out = told_comment(comment);
    event(id, "comments",
          noa::json_text(
              noa::Json{{"id", id}, {"version", draft.authority.version()}, {"comment", out}}));
    when_committed(std::move(responder), [out = std::move(out)](noa::Responder back) {
        back.reply(noa::json_body(out));
    });
}

void Drafting::add_comment(const CommentRequest& request, const noa::Request& message,
                           noa::Responder responder) {
    const auto as = who(request.as, message);
    if (request.text.empty() || request.text.size() > longest_comment || !is_utf8(request.text)) {
        responder.fail(noa::invalid("/text: must be 1 to 10,000 bytes of UTF-8"));
        return;
    }
    with_draft_as(
        request.id, as, Role::commenter, std::move(responder),
        [this, as, request](OpenDraft& draft, noa::Responder back) {
            Authority& authority = draft.authority;
            auto& all = authority.comments();
            Comment comment;
            comment.version = authority.version();
            comment.first = request.from;
            comment.last = std::max(request.from, request.to);
            const auto since = authority.since(request.version.value_or(comment.version));
            const auto edits = since ? edits_of(*since)
                                     : noa::Result<std::vector<Edit>>(noa::invalid("too long ago"));
            if (!edits || request.version.value_or(0) > comment.version) {
                back.fail(noa::invalid("/version: is none, or too long ago"));
                return;
            }
            for (const Edit& edit : *edits) {
                comment.first = edit.changes.map_position(comment.first, false);
                comment.last =
                    std::max(edit.changes.map_position(comment.last, true), comment.first);
            }
            const auto quote = authority.text().slice(
                comment.first,
                std::max(comment.first, authority.text().whole(std::min(
                                            comment.last, comment.first + longest_quote))));
            if (!quote || comment.last > authority.text().units()) {
                back.fail(noa::invalid("/from, /to: not in the text, or within a character"));
                return;
            }
            const auto parent = std::ranges::find(all, request.reply_to, &Comment::number);
            if (all.size() >= most_comments || (request.reply_to != 0 && parent == all.end())) {
                back.fail(all.size() >= most_comments
                              ? noa::Error{NOA_E_STATE, "2,000 comments are all there may be"}
                              : noa::not_found("/reply_to: there is none of that number"));
                return;
            }
            for (const Comment& one : all) {
                comment.number = std::max(comment.number, one.number);
            }
            ++comment.number;
            noa::Json out{{"number", comment.number}, {"author", *as},   {"at", date_text(date())},
                          {"text", request.text},     {"quote", *quote}, {"resolved", false}};
            if (request.reply_to != 0) {
                out["reply_to"] = request.reply_to;
                comment.first = parent->first;
                comment.last = parent->last;
            }
            comment.told = noa::json_text(out);
            if (const auto wrong = check_said(all, comment)) {
                back.fail(*wrong);
                return;
            }
            all.push_back(comment);
            stage_comment(draft, comment, std::move(back));
        });
}

void Drafting::set_comment(const CommentSetRequest& request, const noa::Request& message,
                           noa::Responder responder) {
    const auto as = who(request.as, message);
    if (request.text && (request.text->empty() || request.text->size() > longest_comment ||
                         !is_utf8(*request.text))) {
        responder.fail(noa::invalid("/text: must be 1 to 10,000 bytes of UTF-8"));
        return;
    }
    with_draft_as(
        request.id, as, Role::commenter, std::move(responder),
        [this, as, request](OpenDraft& draft, noa::Responder back) {
            auto& all = draft.authority.comments();
            const auto found = std::ranges::find(all, request.number, &Comment::number);
            if (found == all.end()) {
                back.fail(noa::not_found("/number: there is no such comment"));
                return;
            }
            noa::Json out = noa::Json::parse(found->told, nullptr, false);
            const bool own = out.value("author", std::string()) == *as;
            const bool owner = draft.authority.draft().role_of(*as) == Role::owner;
            if ((request.text && !own) || (request.drop && !own && !owner)) {
                back.fail(noa::denied("it is somebody else's"));
                return;
            }
            if (request.drop) {
                const std::string& id = draft.authority.draft().id;
                gathering_->batch.steps.emplace_back([id, number = request.number](Store& store) {
                    return done(store.database(),
                                "DELETE FROM comments WHERE draft = ? AND number = ?", id, number);
                });
                event(id, "comments",
                      noa::json_text(noa::Json{
                          {"id", id}, {"comment", {{"number", request.number}, {"gone", true}}}}));
                all.erase(found);
                when_committed(std::move(back), [](noa::Responder rest) {
                    rest.reply(noa::json_body(noa::Json::object()));
                });
                return;
            }
            if (request.text) {
                out["text"] = *request.text;
                out["changed_at"] = date_text(date());
            }
            if (request.resolved) {
                out["resolved"] = *request.resolved;
                out["resolved_by"] = *as;
            }
            Comment changed = *found;
            changed.told = noa::json_text(out);
            if (const auto wrong = check_said(all, changed)) {
                back.fail(*wrong);
                return;
            }
            *found = std::move(changed);
            stage_comment(draft, *found, std::move(back));
        });
}

void Drafting::list_comments(const IdRequest& request, const noa::Request& message,
                             noa::Responder responder) {
    with_draft_as(request.id, who(request.as, message), Role::viewer, std::move(responder),
                  [](OpenDraft& draft, noa::Responder back) {
                      noa::Json all = noa::Json::array();
                      for (const Comment& one : draft.authority.comments()) {
                          all.push_back(told_comment(one));
                      }
                      back.reply(noa::json_body(noa::Json{{"version", draft.authority.version()},
                                                          {"comments", std::move(all)}}));
                  });
}

} // namespace drafting
