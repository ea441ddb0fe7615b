// Drafts that branch off others, and what comes back of them.
#include <utility>

#include "../versions/difference.hpp"
#include "agent.hpp"
#include "with_texts.hpp"

namespace drafting {

void Drafting::set_up_branches(noa::Setup& setup) {
    setup.operation(
        "branch", "A draft that begins as this one is",
        [this](const BranchRequest& request, const noa::Request& message,
               noa::Responder responder) { branch(request, message, std::move(responder)); });
    setup.operation(
        "merge", "Takes over what a branch has changed",
        [this](const MergeRequest& request, const noa::Request& message, noa::Responder responder) {
            merge_in(request, message, std::move(responder));
        });
}

void Drafting::branch(const BranchRequest& request, const noa::Request& message,
                      noa::Responder responder) {
    const auto as = who(request.as, message);
    std::string cause(reinterpret_cast<const char*>(message.id().bytes), sizeof message.id().bytes);
    with_draft_as(
        request.id, as, Role::viewer, std::move(responder),
        [this, as, request, cause = std::move(cause)](OpenDraft& draft, noa::Responder back) {
            const Authority& authority = draft.authority;
            Draft made = authority.draft();
            made.id = request.branch.empty() ? id_of_cause(cause) : request.branch;
            made.title = request.title.empty() ? made.title + " (branch)" : request.title;
            made.author = *as;
            made.collaborators.clear();
            made.status = Status::draft;
            made.origin = request.id;
            made.origin_version = authority.version();
            made.merged = 0;
            if (noa::Status good = check(made); !good) {
                back.fail(std::move(good).error());
                return;
            }
            when_committed(std::move(back), [this, made = std::move(made), text = authority.text(),
                                             cause](noa::Responder rest) mutable {
                insert(std::move(made), std::move(text), cause, std::move(rest));
            });
        });
}

// What `from` has changed since the two were last alike: since it branched off, or was taken over.
void Drafting::merge_in(const MergeRequest& request, const noa::Request& message,
                        noa::Responder responder) {
    const auto as = who(request.as, message);
    if (request.id == request.from) {
        responder.fail(noa::invalid("/from: is the draft itself"));
        return;
    }
    with_draft_as(
        request.from, as, Role::viewer, std::move(responder),
        [this, as, request](OpenDraft& other, noa::Responder back) {
            const Draft& theirs = other.authority.draft();
            const bool back_home = theirs.origin == request.id;
            const Version merged = theirs.merged;
            with_draft_as(
                request.id, as, Role::editor, std::move(back),
                [this, as, request, back_home, merged](OpenDraft& draft, noa::Responder rest) {
                    const Draft& ours = draft.authority.draft();
                    if (!back_home && ours.origin != request.from) {
                        rest.fail(noa::invalid("/from: is no branch of it, nor what it "
                                               "branched off"));
                        return;
                    }
                    merge_texts(request, back_home ? merged : ours.origin_version, *as,
                                std::move(rest));
                });
        });
}

void Drafting::merge_texts(const MergeRequest& request, Version base, const std::string& author,
                           noa::Responder responder) {
    with_texts(
        request.from, base, std::nullopt, std::move(responder),
        [this, request, author](Text base_text, Text theirs, Version taken, noa::Responder back) {
            with_draft(
                request.id, std::move(back),
                [this, request, author, taken, base_text = std::move(base_text),
                 theirs = std::move(theirs)](OpenDraft& draft, noa::Responder rest) {
                    const Version now = draft.authority.version();
                    compute<Merged>(
                        std::move(rest),
                        [base_text, theirs, ours = draft.authority.text(), request] {
                            return drafting::merge(base_text.str(), ours.str(), theirs.str(),
                                                   request.id, request.from);
                        },
                        [this, request, author, now, taken](const Merged& merged,
                                                            noa::Responder last) {
                            if (merged.conflicts > 0) {
                                last.reply(noa::json_body(noa::Json{{"merged", false},
                                                                    {"conflicts", merged.conflicts},
                                                                    {"version", now},
                                                                    {"from_version", taken},
                                                                    {"content", merged.text}}));
                                return;
                            }
                            take_merged(request, now, taken, merged.text, author, std::move(last));
                        });
                });
        });
}

void Drafting::take_merged(const MergeRequest& request, Version now, Version taken,
                           std::string text, const std::string& author, noa::Responder responder) {
    with_draft(
        request.id, std::move(responder),
        [this, request, now, text = std::move(text), author, taken](OpenDraft& draft,
                                                                    noa::Responder back) {
            if (draft.authority.version() != now) {
                back.fail(noa::retry(std::chrono::milliseconds(10), "the draft changed meanwhile"));
                return;
            }
            put_text(request.id, now, draft.authority.text(), text,
                     {author, "", "Merged " + request.from, request.from, taken}, std::move(back));
        });
}

// From here on the two are alike up to that version of the other.
void Drafting::mark_merged(OpenDraft& draft, const std::string& other, Version version) {
    Draft& facts = draft.authority.draft();
    if (facts.origin == other) {
        facts.origin_version = version;
        stage_draft(draft);
        return;
    }
    if (const auto open = open_.find(other); open != open_.end()) {
        open->second.authority.draft().merged = version;
    }
    gathering_->batch.steps.emplace_back([id = facts.id, other, version](Store& store) {
        return done(store.database(), "UPDATE documents SET merged = ? WHERE id = ? AND origin = ?",
                    version, other, id);
    });
}

} // namespace drafting
