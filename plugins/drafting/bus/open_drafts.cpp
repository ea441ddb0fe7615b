// Drafts in memory: read when somebody wants one, put down now and then, let go when nobody does.
#include <algorithm>
#include <numeric>

#include "agent.hpp"

namespace drafting {

namespace {

// Large texts are put down a tenth as often: their changes are on the disk anyway.
constexpr int seldom = 10;
constexpr Version keyframe_every = 2000;

std::int64_t words_in(const std::string& text) {
    std::int64_t words = 0;
    bool inside = false;
    for (const char letter : text) {
        const bool gap = letter == ' ' || letter == '\n' || letter == '\t';
        words += !gap && !inside ? 1 : 0;
        inside = !gap;
    }
    return words;
}

} // namespace

bool Drafting::is_large(const OpenDraft& draft) {
    constexpr std::size_t large_text = 1U << 20U;
    return draft.authority.text().bytes() > large_text;
}

void Drafting::with_draft(const std::string& id, noa::Responder responder, Then then) {
    if (const auto found = open_.find(id); found != open_.end()) {
        found->second.used = now();
        then(found->second, std::move(responder));
        return;
    }
    constexpr std::size_t longest_id = 63;
    if (dropping_.contains(id) || id.size() > longest_id) {
        responder.fail(noa::not_found("/id: there is no such draft"));
        return;
    }
    auto& waiting = loading_[id];
    waiting.emplace_back(std::move(responder), std::move(then));
    if (waiting.size() > 1) {
        return;
    }
    auto result = std::make_unique<Stored<std::optional<Loaded>>>(std::nullopt);
    auto* place = result.get();
    reader_->run([place, id](Reader& reader) { *place = reader.load(id); },
                 [this, id, result = std::move(result)] {
                     if (closing_) {
                         return;
                     }
                     if (*result) {
                         loaded(id, **std::move(result));
                         return;
                     }
                     const noa::Error failure = failure_of(result->error());
                     log(noa::Level::error, "draft.unreadable", failure.text);
                     for (auto& [back, unused] : std::exchange(loading_[id], {})) {
                         back.fail(failure);
                     }
                     loading_.erase(id);
                 });
}

void Drafting::loaded(const std::string& id, std::optional<Loaded> found) {
    auto waiting = std::move(loading_[id]);
    loading_.erase(id);
    if (found) {
        make_room(found->text.bytes());
    }
    const bool room = !found || open_bytes() + found->text.bytes() <= settings_.quotas.open.bytes;
    if (!found || !room) {
        for (auto& [responder, then] : waiting) {
            responder.fail(found ? noa::busy("too many drafts are in use at once: quotas.open")
                                 : noa::not_found("/id: there is no draft " + id));
        }
        return;
    }
    auto& draft = open_.emplace(id, OpenDraft(*std::move(found))).first->second;
    draft.used = draft.saved = now();
    for (auto& [responder, then] : waiting) {
        then(draft, std::move(responder));
    }
}

void Drafting::with_draft_as(const std::string& id, const noa::Result<std::string>& as, Role least,
                             noa::Responder responder, Then then) {
    if (!as) {
        responder.fail(as.error());
        return;
    }
    with_draft(
        id, std::move(responder),
        [name = *as, least, then = std::move(then)](OpenDraft& draft, noa::Responder back) mutable {
            const Role role = draft.authority.draft().role_of(name);
            if (role < least) {
                back.fail(noa::denied(name + " is " + std::string(name_of(role)) +
                                      " of this draft; it takes " + std::string(name_of(least))));
            } else {
                then(draft, std::move(back));
            }
        });
}

std::size_t Drafting::open_bytes() const {
    return std::accumulate(
        open_.begin(), open_.end(), std::size_t{0},
        [](std::size_t sum, const auto& one) { return sum + one.second.authority.text().bytes(); });
}

bool Drafting::in_use(const std::string& id) const {
    const OpenDraft& draft = open_.at(id);
    return draft.authority.version() != draft.authority.saved() || draft.saving >= 0 ||
           draft.authority.version() != draft.authority.committed() ||
           gathering_->versions.contains(id) || flying_.contains(id) ||
           std::ranges::find(waiters_, id, &Waiter::id) != waiters_.end();
}

// The longest unused go. What is not on the disk as a whole is put there first, and goes later.
void Drafting::make_room(std::size_t bytes) {
    while (!open_.empty() && open_bytes() + bytes > settings_.quotas.open.bytes) {
        auto oldest = open_.end();
        for (auto at = open_.begin(); at != open_.end(); ++at) {
            if (!in_use(at->first) &&
                (oldest == open_.end() || at->second.used < oldest->second.used)) {
                oldest = at;
            }
        }
        if (oldest == open_.end()) {
            return;
        }
        open_.erase(oldest);
    }
}

void Drafting::look_after_drafts() {
    for (auto at = open_.begin(); at != open_.end();) {
        OpenDraft& draft = at->second;
        const bool large = is_large(draft);
        const bool changed = draft.authority.version() != draft.authority.saved();
        const bool unused = draft.used + settings_.idle <= now();
        if (changed && draft.saving < 0 &&
            (draft.saved + settings_.auto_save * (large ? seldom : 1) <= now() || unused)) {
            save_text(at->first, draft);
        }
        at = unused && !in_use(at->first) && sessions_.of(at->first).empty() ? open_.erase(at)
                                                                             : std::next(at);
    }
    flush();
}

void Drafting::save_text(const std::string& id, OpenDraft& draft) {
    Authority& authority = draft.authority;
    Checkpoint checkpoint{id,
                          authority.draft().title,
                          authority.version(),
                          authority.text(),
                          0,
                          authority.draft().updated,
                          false,
                          authority.comments()};
    checkpoint.keyframe =
        authority.version() / keyframe_every != authority.saved() / keyframe_every;
    draft.saved = now();
    draft.saving = authority.version();
    gathering_->batch.steps.emplace_back([checkpoint = std::move(checkpoint)](Store& store) {
        Checkpoint whole = checkpoint;
        whole.words = words_in(whole.text.str());
        return store.put(whole);
    });
    const std::uint64_t most = settings_.history.size.bytes;
    if (draft.journaled > most / 8) {
        draft.journaled = 0;
        gathering_->batch.steps.emplace_back(
            [id, most](Store& store) { return store.trim(id, static_cast<std::int64_t>(most)); });
    }
    gathering_->saved[id] = authority.version();
}

noa::Json Drafting::told(const Draft& draft, Version version) const {
    noa::Json out{{"id", draft.id},
                  {"title", draft.title},
                  {"type", draft.type},
                  {"author", draft.author},
                  {"status", name_of(draft.status)},
                  {"version", version},
                  {"tags", draft.tags},
                  {"words", draft.words},
                  {"bytes", draft.bytes},
                  {"others", name_of(draft.others)},
                  {"line_ending", draft.crlf ? "crlf" : "lf"},
                  {"created_at", date_text(draft.created)},
                  {"updated_at", date_text(draft.updated)}};
    const auto add = [&out](const char* name, const std::string& text) {
        if (!text.empty()) {
            out[name] = text;
        }
    };
    add("template", draft.template_id);
    add("tone", draft.tone);
    add("audience", draft.audience);
    add("origin", draft.origin);
    if (!draft.metadata.empty()) {
        out["metadata"] = noa::Json::parse(draft.metadata, nullptr, false);
    }
    noa::Json all = noa::Json::array();
    for (const Collaborator& one : draft.collaborators) {
        all.push_back({{"name", one.name}, {"role", name_of(one.role)}});
    }
    out["collaborators"] = std::move(all);
    return out;
}

} // namespace drafting
