// Whole texts, revisions, differences, merges.
#include <algorithm>
#include <utility>

#include "../versions/difference.hpp"
#include "agent.hpp"
#include "with_texts.hpp"

namespace drafting {

namespace {

constexpr std::size_t longest_message = 1000;
constexpr std::size_t most_shown = 8U << 20U; // bytes of a difference
constexpr std::uint32_t most_context = 100;

// What a change takes away and puts there, in the order of the text.
noa::Json told_words(const ChangeSet& changes, const Text& before) {
    noa::Json parts = noa::Json::array();
    Position at = 0;
    for (std::size_t number = 0; number < changes.sections().size(); ++number) {
        const Section& section = changes.sections()[number];
        const Position end = at + static_cast<Position>(section.length);
        if (section.inserted != Section::kept) {
            const auto taken = before.slice(at, end);
            parts.push_back({{"from", at},
                             {"to", end},
                             {"removed", taken ? *taken : ""},
                             {"added", changes.inserted(number)}});
        }
        at = end;
    }
    return parts;
}

struct Compared { // NOLINT(bugprone-exception-escape): the json type moves without throwing
    std::string unified;
    std::size_t added = 0;
    std::size_t removed = 0;
    noa::Json words;
};

noa::Result<Compared> compared(const Text& before, const Text& after, bool words,
                               std::uint32_t context) {
    Compared out;
    const std::string first = before.str();
    const std::string second = after.str();
    auto lines = unified(first, second, "draft", context);
    if (!lines) {
        return lines.error();
    }
    out.unified = std::move(lines->text);
    out.added = lines->added;
    out.removed = lines->removed;
    if (words) {
        auto changes = difference(first, second);
        if (!changes) {
            return changes.error();
        }
        out.words = told_words(*changes, before);
    }
    return out;
}

} // namespace

void Drafting::set_up_versions(noa::Setup& setup) {
    offer(setup, "update", "Gives a draft another text, as a change of the former one",
          &Drafting::replace);
    offer(setup, "revise", "Gives a version a number and a message", &Drafting::revise);
    offer(setup, "history", "Revisions, and changes of a draft, the newest first",
          &Drafting::history);
    offer(setup, "diff", "What makes one version of another", &Drafting::diff);
    offer(setup, "blame", "Who wrote which line, and when", &Drafting::blame);
    offer(setup, "restore", "Has a draft the text of a former version again",
          &Drafting::restore_text);
}

// `text` in the place of what version `version` was; what came since stays.
void Drafting::put_text(const std::string& id, Version version, Text from, std::string text,
                        Signature signature, noa::Responder responder) {
    compute<ChangeSet>(
        std::move(responder),
        [from = std::move(from), text = std::move(text)] { return difference(from.str(), text); },
        [this, id, version, signature = std::move(signature)](ChangeSet changes,
                                                              noa::Responder back) mutable {
            with_draft(
                id, std::move(back),
                [this, version, changes = std::move(changes),
                 signature = std::move(signature)](OpenDraft& draft, noa::Responder rest) mutable {
                    put_changes(draft, version, std::move(changes), signature, std::move(rest));
                });
        });
}

void Drafting::put_changes(OpenDraft& draft, Version version, ChangeSet changes,
                           const Signature& signature, noa::Responder responder) {
    Authority& authority = draft.authority;
    auto before = authority.since(version);
    if (!before) {
        responder.fail(noa::Error{NOA_E_STATE, "too much came since version " +
                                                   std::to_string(version) + ": get it anew"});
        return;
    }
    std::vector<Edit> edits;
    if (!changes.changes_nothing()) {
        // One of its own for each, so that no other is taken for it.
        edits.push_back({signature.client.empty() ? "~" + std::to_string(chance_ % 100'000) + "." +
                                                        std::to_string(++texts_put_)
                                                  : signature.client,
                         std::move(changes)});
    }
    auto over = edits_of(*before);
    auto rebased = over ? drafting::rebase(std::move(edits), *over) : over;
    auto taken = rebased ? accept(draft, *rebased, signature.author)
                         : noa::Result<std::vector<Change>>(rebased.error());
    if (!taken) {
        refused_.add();
        responder.fail(taken.error());
        return;
    }
    noa::Json out{{"version", authority.version()}, {"changed", !taken->empty()}};
    if (!signature.merged_from.empty()) {
        mark_merged(draft, signature.merged_from, signature.merged_version);
    }
    if (!signature.message.empty()) {
        out["revision"] = stage_revision(draft, signature.author, signature.message);
    }
    when_committed(std::move(responder), [out = std::move(out)](noa::Responder back) {
        back.reply(noa::json_body(out));
    });
}

// Its number.
std::int64_t Drafting::stage_revision(OpenDraft& draft, const std::string& author,
                                      const std::string& message) {
    Authority& authority = draft.authority;
    const std::int64_t number = authority.revisions() + 1;
    authority.was_revised(number);
    Revision revision{number, authority.version(), author, date(), message, ""};
    revision.told = noa::json_text(noa::Json{{"number", number},
                                             {"version", revision.version},
                                             {"author", author},
                                             {"at", date_text(revision.at)},
                                             {"message", message}});
    const std::string& id = authority.draft().id;
    gathering_->versions[id] = authority.version();
    gathering_->batch.steps.emplace_back(
        [id, revision](Store& store) { return store.put(id, revision); });
    event(id, "changed", noa::json_text(noa::Json{{"id", id}, {"revision", number}}));
    return number;
}

void Drafting::replace(const ReplaceRequest& request, const noa::Request& message,
                       noa::Responder responder) {
    const auto as = who(request.as, message);
    const std::string text = with_plain_breaks(request.content);
    if (!is_utf8(text) || request.message.size() > longest_message || request.client.size() > 64) {
        responder.fail(noa::invalid("/content: must be UTF-8; /message: 1,000 bytes at most; "
                                    "/clientID: 64 at most"));
        return;
    }
    // The same when it is delivered again: what it changed is known by it.
    const std::string client =
        request.client.empty()
            ? "~" + id_of_cause({reinterpret_cast<const char*>(message.id().bytes),
                                 sizeof message.id().bytes})
            : request.client;
    if (text.size() > settings_.quotas.draft.bytes) {
        responder.fail(noa::too_large("/content: over quotas.draft"));
        return;
    }
    with_draft_as(
        request.id, as, Role::editor, std::move(responder),
        [this, id = request.id, wanted = request.version, text,
         signature = Signature{as ? *as : "", client, request.message, request.merged_from,
                               request.merged_version}](OpenDraft& draft, noa::Responder back) {
            const Version now = draft.authority.version();
            const Version version = wanted.value_or(now);
            if (version < 0 || version > now) {
                back.fail(noa::invalid("/version: the newest is " + std::to_string(now)));
            } else if (version == now) {
                put_text(id, now, draft.authority.text(), text, signature, std::move(back));
            } else {
                look<Text>(
                    std::move(back),
                    [id, version](Reader& reader) { return reader.text_at(id, version); },
                    [this, id, version, text, signature](Text from, noa::Responder rest) {
                        put_text(id, version, std::move(from), text, signature, std::move(rest));
                    });
            }
        });
}

void Drafting::revise(const ReviseRequest& request, const noa::Request& message,
                      noa::Responder responder) {
    const auto as = who(request.as, message);
    if (request.message.size() > longest_message || !is_utf8(request.message)) {
        responder.fail(noa::invalid("/message: must be 1,000 bytes of UTF-8 at most"));
        return;
    }
    with_draft_as(
        request.id, as, Role::editor, std::move(responder),
        [this, as, text = request.message](OpenDraft& draft, noa::Responder back) {
            const std::int64_t number = stage_revision(draft, *as, text);
            const noa::Json out{{"revision", number}, {"version", draft.authority.version()}};
            when_committed(std::move(back),
                           [out](noa::Responder rest) { rest.reply(noa::json_body(out)); });
        });
}

void Drafting::history(const HistoryRequest& request, const noa::Request& message,
                       noa::Responder responder) {
    if (request.limit < 1 || request.limit > 1000 || request.before < 0) {
        responder.fail(noa::invalid("/limit: expected 1 to 1000"));
        return;
    }
    with_draft_as(request.id, who(request.as, message), Role::viewer, std::move(responder),
                  [this, request](OpenDraft&, noa::Responder back) {
                      look<History>(
                          std::move(back),
                          [request](Reader& reader) {
                              return reader.history(request.id, request.before, request.limit);
                          },
                          [limit = request.limit](const History& found, noa::Responder rest) {
                              noa::Json revisions = noa::Json::array();
                              for (const std::string& one : found.revisions) {
                                  revisions.push_back(noa::Json::parse(one, nullptr, false));
                              }
                              noa::Json changes = noa::Json::array();
                              for (const Past& one : found.changes) {
                                  changes.push_back({{"version", one.version},
                                                     {"since", one.since},
                                                     {"author", one.author},
                                                     {"at", date_text(one.at)}});
                              }
                              noa::Json out{{"revisions", std::move(revisions)},
                                            {"changes", std::move(changes)}};
                              if (static_cast<std::int64_t>(found.changes.size()) == limit) {
                                  out["before"] = found.changes.back().version;
                              }
                              rest.reply(noa::json_body(out));
                          });
                  });
}

void Drafting::diff(const DiffRequest& request, const noa::Request& message,
                    noa::Responder responder) {
    if (request.context > most_context) {
        responder.fail(noa::invalid("/context: must be 100 at most"));
        return;
    }
    with_draft_as(
        request.id, who(request.as, message), Role::viewer, std::move(responder),
        [this, request](OpenDraft&, noa::Responder back) {
            with_texts(
                request.id, request.from, request.to, std::move(back),
                [this, request](Text before, Text after, Version, noa::Responder rest) {
                    compute<Compared>(
                        std::move(rest),
                        [request, before = std::move(before), after = std::move(after)] {
                            return compared(before, after, request.words, request.context);
                        },
                        [](const Compared& found, noa::Responder last) {
                            noa::Json out{{"added", found.added}, {"removed", found.removed}};
                            if (found.unified.size() > most_shown) {
                                last.fail(noa::too_large("the difference has " +
                                                         std::to_string(found.unified.size()) +
                                                         " bytes"));
                                return;
                            }
                            out["unified"] = found.unified;
                            if (!found.words.is_null()) {
                                out["words"] = found.words;
                            }
                            last.reply(noa::json_body(out));
                        });
                });
        });
}

void Drafting::blame(const HistoryRequest& request, const noa::Request& message,
                     noa::Responder responder) {
    with_draft_as(
        request.id, who(request.as, message), Role::viewer, std::move(responder),
        [this, id = request.id](OpenDraft& draft, noa::Responder back) {
            when_committed(std::move(back), [this, id,
                                             now = draft.authority.version()](noa::Responder rest) {
                look<std::vector<Blamed>>(
                    std::move(rest), [id, now](Reader& reader) { return reader.blame(id, now); },
                    [now](const std::vector<Blamed>& lines, noa::Responder last) {
                        noa::Json all = noa::Json::array();
                        for (const Blamed& one : lines) {
                            all.push_back({{"line", one.line},
                                           {"lines", one.lines},
                                           {"version", one.change.version},
                                           {"author", one.change.author},
                                           {"at", date_text(one.change.at)}});
                        }
                        last.reply(
                            noa::json_body(noa::Json{{"version", now}, {"lines", std::move(all)}}));
                    });
            });
        });
}

void Drafting::restore_text(const RestoreRequest& request, const noa::Request& message,
                            noa::Responder responder) {
    const auto as = who(request.as, message);
    if (request.message.size() > longest_message || !is_utf8(request.message)) {
        responder.fail(noa::invalid("/message: must be 1,000 bytes of UTF-8 at most"));
        return;
    }
    const std::string text = request.message.empty()
                                 ? "As in version " + std::to_string(request.version)
                                 : request.message;
    with_draft_as(request.id, as, Role::editor, std::move(responder),
                  [this, as, request, text](OpenDraft& draft, noa::Responder back) {
                      const Version now = draft.authority.version();
                      with_texts(
                          request.id, request.version, now, std::move(back),
                          [this, id = request.id, now, signature = Signature{*as, "", text, "", 0}](
                              const Text& former, Text present, Version, noa::Responder rest) {
                              put_text(id, now, std::move(present), former.str(), signature,
                                       std::move(rest));
                          });
                  });
}

} // namespace drafting
