// Changes: taken in their order, on the disk, told.
#include <algorithm>
#include <utility>

#include "agent.hpp"

namespace drafting {

namespace {

constexpr std::size_t most_updates = 1000;
constexpr std::size_t longest_client = 64;
constexpr std::size_t largest_event = 32U << 10U;
constexpr std::size_t most_told = 1U << 20U; // bytes of changes in an answer
constexpr std::size_t most_waiters = 2000;
constexpr std::size_t most_allowances = 20'000;
constexpr std::int64_t longest_wait_s = 60;

noa::Result<std::vector<Edit>> edits_in(const EditRequest& request) {
    if (request.updates.empty() || request.updates.size() > most_updates) {
        return noa::invalid("/updates: must be 1 to 1000");
    }
    std::vector<Edit> all;
    for (std::size_t at = 0; at < request.updates.size(); ++at) {
        const UpdateBody& one = request.updates[at];
        const std::string where = "/updates/" + std::to_string(at);
        if (one.client.empty() || one.client.size() > longest_client) {
            return noa::invalid(where + "/clientID: must be 1 to 64 bytes");
        }
        auto changes = ChangeSet::parse(one.changes);
        if (!changes) {
            return noa::invalid(where + "/changes" +
                                (changes.error().text.starts_with('/') ? "" : ": ") +
                                changes.error().text);
        }
        all.push_back({one.client, *std::move(changes)});
    }
    return all;
}

std::size_t size_of(const std::vector<Change>& changes) {
    std::size_t size = 0;
    for (const Change& change : changes) {
        size += change.update.changes.size() + change.update.author.size() + 100;
    }
    return size;
}

std::string answer(std::string_view begin, Version version, const std::vector<Change>& changes,
                   bool more) {
    return std::string(begin) + "\"version\":" + std::to_string(version) +
           ",\"updates\":" + told_updates(changes) + (more ? ",\"more\":true}" : "}");
}

} // namespace

std::string told_updates(const std::vector<Change>& changes) {
    std::string out;
    {
        noa::sdk::JsonArray list(out);
        for (const Change& change : changes) {
            noa::sdk::JsonObject one(list.item());
            one.add("clientID", std::string_view(change.update.client));
            one.member("changes") += change.update.changes;
            one.add("author", std::string_view(change.update.author));
            one.add("at", std::string_view(date_text(change.update.at)));
        }
    }
    return out;
}

void Drafting::set_up_edits(noa::Setup& setup) {
    setup.operation(
        "edit", "Takes changes of a draft, or says what came before them",
        [this](const EditRequest& request, const noa::Request& message, noa::Responder responder) {
            edit(request, message, std::move(responder));
        });
    setup.operation(
        "pull", "What came after a version; waits for it",
        [this](const PullRequest& request, const noa::Request& message, noa::Responder responder) {
            pull(request, message, std::move(responder));
        });
}

bool Drafting::allowed(const std::string& key, std::size_t count, double per_second) {
    if (!allowances_.contains(key) && allowances_.size() >= most_allowances) {
        allowances_.clear();
    }
    return allowances_[key].take(static_cast<double>(count), per_second, now());
}

void Drafting::edit(const EditRequest& request, const noa::Request& message,
                    noa::Responder responder) {
    auto edits = edits_in(request);
    if (!edits) {
        refused_.add();
        responder.fail(edits.error());
        return;
    }
    const std::string key =
        request.id + "/" +
        (request.session.empty() ? std::string(message.from()) + "/" + edits->front().client
                                 : request.session);
    if (!allowed(key, edits->size(), static_cast<double>(settings_.sessions.edits_per_second))) {
        refused_.add();
        responder.fail(noa::Error{NOA_E_BUSY, "sessions.edits_per_second is used up",
                                  std::chrono::milliseconds(100)});
        return;
    }
    const auto as = who(request.as, message);
    with_draft_as(request.id, as, Role::editor, std::move(responder),
                  [this, as, id = request.id, session = request.session, version = request.version,
                   rebase = request.rebase,
                   edits = *std::move(edits)](OpenDraft& draft, noa::Responder back) mutable {
                      const Session* own = sessions_.find(id, session);
                      if (own != nullptr && own->observes) {
                          refused_.add();
                          back.fail(noa::denied("/session: it observes"));
                          return;
                      }
                      take(draft, std::move(edits), version, rebase, *as, std::move(back));
                  });
}

void Drafting::take(OpenDraft& draft, std::vector<Edit> edits, Version version, bool rebase,
                    const std::string& author, noa::Responder responder) {
    Authority& authority = draft.authority;
    if (version < 0 || version > authority.version()) {
        refused_.add();
        responder.fail(noa::invalid("/version: there is none of " + std::to_string(version) +
                                    ": the newest is " + std::to_string(authority.version())));
        return;
    }
    if (version != authority.version() && !rebase) {
        stale_.add();
        answer_stale(draft, version, std::move(responder));
        return;
    }
    auto before = authority.since(version);
    if (!before || size_of(*before) > most_told) {
        stale_.add();
        answer_stale(draft, version, std::move(responder));
        return;
    }
    if (!before->empty()) {
        auto over = edits_of(*before);
        auto rebased = over ? drafting::rebase(std::move(edits), *over) : over;
        if (!rebased) {
            refused_.add();
            responder.fail(noa::invalid("/updates: " + rebased.error().text));
            return;
        }
        edits = *std::move(rebased);
    }
    auto taken = accept(draft, edits, author);
    if (!taken) {
        refused_.add();
        responder.fail(taken.error());
        return;
    }
    std::string text =
        "{\"accepted\":true,\"version\":" + std::to_string(authority.version()) + "}";
    if (rebase) {
        std::ranges::move(*taken, std::back_inserter(*before));
        text = answer("{\"accepted\":true,", authority.version(), *before, false);
    }
    when_committed(std::move(responder), [text = std::move(text)](noa::Responder back) {
        back.reply(noa::Body(text, noa::json_content_type));
    });
}

noa::Result<std::vector<Change>> Drafting::accept(OpenDraft& draft, const std::vector<Edit>& edits,
                                                  const std::string& author) {
    Authority& authority = draft.authority;
    const Draft& facts = authority.draft();
    if (!store_fault_.empty()) {
        return noa::Error{NOA_E_UNAVAILABLE, "the store takes nothing: " + store_fault_,
                          std::chrono::seconds(1)};
    }
    if (!takes_edits(facts.status)) {
        return noa::Error{NOA_E_STATE, "it is " + std::string(name_of(facts.status)) +
                                           ": its text stays as it is"};
    }
    std::size_t growth = 0;
    for (const Edit& edit : edits) {
        growth += edit.changes.inserted_bytes();
    }
    if (growth > 0 && total_bytes_ + static_cast<std::int64_t>(growth) >
                          static_cast<std::int64_t>(settings_.quotas.total.bytes)) {
        return noa::Error{NOA_E_STATE, "quotas.total is used up"};
    }
    const std::size_t before = authority.text().bytes();
    auto taken = authority.accept(edits, {author, date()}, settings_.quotas.draft.bytes);
    if (!taken || taken->empty()) {
        return taken;
    }
    total_bytes_ +=
        static_cast<std::int64_t>(authority.text().bytes()) - static_cast<std::int64_t>(before);
    draft.journaled += size_of(*taken);
    for (const Change& change : *taken) {
        gathering_->batch.rows.push_back({facts.id, change.version, change.update});
    }
    gathering_->versions[facts.id] = authority.version();
    const std::string begin = "{\"id\":\"" + facts.id + "\",";
    event(facts.id, "updates",
          size_of(*taken) > largest_event
              ? begin + "\"version\":" + std::to_string(authority.version()) + ",\"read\":true}"
              : answer(begin, authority.version(), *taken, false));
    return taken;
}

// Not before what it tells of is on the disk.
void Drafting::answer_stale(OpenDraft& draft, Version version, noa::Responder responder) {
    const Version now = draft.authority.version();
    auto changes = draft.authority.since(version);
    if (changes && size_of(*changes) <= most_told) {
        when_committed(
            std::move(responder), [now, changes = *std::move(changes)](noa::Responder back) {
                const std::string text = answer("{\"accepted\":false,", now, changes, false);
                back.reply(noa::Body(text, noa::json_content_type));
            });
        return;
    }
    when_committed(std::move(responder),
                   [this, id = draft.authority.draft().id, version, now](noa::Responder back) {
                       pulled(id, version, now, noa::Json{{"accepted", false}}, std::move(back));
                   });
}

void Drafting::pull(const PullRequest& request, const noa::Request& message,
                    noa::Responder responder) {
    if (request.wait_s < 0 || request.wait_s > longest_wait_s) {
        responder.fail(noa::invalid("/wait_s: must be 0 to 60"));
        return;
    }
    with_draft_as(
        request.id, who(request.as, message), Role::viewer, std::move(responder),
        [this, request](OpenDraft& draft, noa::Responder back) {
            const Version committed = draft.authority.committed();
            if (request.version < 0 || request.version > draft.authority.version()) {
                back.fail(
                    noa::invalid("/version: there is none of " + std::to_string(request.version)));
            } else if (request.version < committed || request.wait_s == 0) {
                pulled(request.id, request.version, committed, noa::Json::object(),
                       std::move(back));
            } else if (waiters_.size() >= most_waiters) {
                back.fail(noa::busy("too many wait"));
            } else {
                const auto waiter =
                    waiters_.insert(waiters_.end(), {request.id, request.version, std::move(back)});
                const auto timer = after(std::chrono::seconds(request.wait_s), [this, waiter] {
                    Waiter one = std::move(*waiter);
                    waiters_.erase(waiter);
                    const std::string text = answer("{", one.version, {}, false);
                    one.responder.reply(noa::Body(text, noa::json_content_type));
                });
                waiter->timer = timer ? *timer : 0;
            }
        });
}

// What came after `since`, up to `now`, as far as it fits.
void Drafting::pulled(const std::string& id, Version since, Version now, const noa::Json& more,
                      noa::Responder responder) {
    std::string begin = noa::json_text(more);
    begin.back() = ',';
    begin = more.empty() ? "{" : begin;
    const auto open = open_.find(id);
    auto known = open != open_.end() ? open->second.authority.since(since) : std::nullopt;
    if (known && size_of(*known) <= most_told) {
        std::erase_if(*known, [now](const Change& change) { return change.version > now; });
        const std::string text = answer(begin, std::max(now, since), *known, false);
        responder.reply(noa::Body(text, noa::json_content_type));
        return;
    }
    look<std::vector<Change>>(
        std::move(responder),
        [id, since, now](Reader& reader) {
            return reader.changes(id, since, now, most_updates, most_told);
        },
        [begin, since, now](const std::vector<Change>& changes, noa::Responder back) {
            Version at = since;
            for (const Change& change : changes) {
                if (change.since != at || change.version != at + 1) {
                    back.fail(noa::Error{NOA_E_RETIRED, "what came after version " +
                                                            std::to_string(since) +
                                                            " was joined: open the draft anew"});
                    return;
                }
                at = change.version;
            }
            const std::string text = answer(begin, at, changes, at < now);
            back.reply(noa::Body(text, noa::json_content_type));
        });
}

void Drafting::wake(const std::string& id) {
    const auto open = open_.find(id);
    if (open == open_.end()) {
        return;
    }
    const Version committed = open->second.authority.committed();
    for (auto at = waiters_.begin(); at != waiters_.end();) {
        if (at->id != id || at->version >= committed) {
            ++at;
            continue;
        }
        Waiter one = std::move(*at);
        at = waiters_.erase(at);
        cancel(one.timer);
        pulled(id, one.version, committed, noa::Json::object(), std::move(one.responder));
    }
}

} // namespace drafting
