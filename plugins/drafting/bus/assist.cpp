// A language model: asked where the operator and the draft allow it, and only ever a suggestion.
#include <utility>

#include "../assist/model.hpp"
#include "../versions/difference.hpp"
#include "with_texts.hpp"

namespace drafting {

namespace {

constexpr std::size_t longest_instruction = 4096;
constexpr std::size_t longest_passage = 64U << 10U;
constexpr std::size_t most_asked = 4;

struct Suggested {
    std::string text;
    std::string changes; // JSON
    bool whole = false;
};

bool allows_model(const Draft& draft) {
    const auto metadata = noa::parse_json(draft.metadata.empty() ? "{}" : draft.metadata);
    return metadata && metadata->is_object() && metadata->value("assist", noa::Json()) == true;
}

// A change of the whole text that puts `written` in the place of its passage.
noa::Result<std::string> changes_of(const std::string& passage, const std::string& written,
                                    Position begin, Position after) {
    auto inner = difference(passage, written);
    if (!inner) {
        return inner.error();
    }
    ChangeSet changes;
    changes.keep(begin);
    const auto& sections = inner->sections();
    for (std::size_t at = 0; at < sections.size(); ++at) {
        const auto length = static_cast<Position>(sections[at].length);
        if (sections[at].inserted == Section::kept) {
            changes.keep(length);
        } else {
            changes.replace(length, inner->inserted(at));
        }
    }
    changes.keep(after);
    return changes.json();
}

} // namespace

void Drafting::set_up_assist(noa::Setup& setup) {
    setup.operation(
        "assist", "Asks a language model for another passage; applies nothing",
        [this](const AssistRequest& request, const noa::Request& message,
               noa::Responder responder) { assist(request, message, std::move(responder)); });
}

void Drafting::assist(const AssistRequest& request, const noa::Request& message,
                      noa::Responder responder) {
    const ModelSettings& model = settings_.model;
    if (model.url.empty()) {
        responder.fail(noa::Error{NOA_E_STATE, "there is no language model: model.url of the "
                                               "settings is not set"});
        return;
    }
    if (request.instruction.empty() || request.instruction.size() > longest_instruction) {
        responder.fail(noa::invalid("/instruction: must be 1 to 4096 bytes"));
        return;
    }
    assist::Terms terms{model.url, model.name, model.key, model.ca, model.timeout};
    with_draft_as(
        request.id, who(request.as, message), Role::editor, std::move(responder),
        [this, request, terms = std::move(terms)](OpenDraft& draft, noa::Responder back) mutable {
            const Text& text = draft.authority.text();
            const Position end = request.end.value_or(text.units());
            auto passage = text.slice(request.begin, end);
            if (!allows_model(draft.authority.draft())) {
                back.fail(noa::denied("this draft is not to be shown to a language model: its "
                                      "metadata has no \"assist\": true"));
            } else if (!passage) {
                back.fail(passage.error());
            } else if (passage->size() > longest_passage) {
                back.fail(noa::Error{NOA_E_TOO_LARGE, "/end: a passage is 64 KiB at most"});
            } else if (asked_model_ >= most_asked) {
                back.fail(noa::busy("the language model has four passages to write"));
            } else {
                suggest(request, *std::move(passage), text.units() - end, draft.authority.version(),
                        std::move(terms), std::move(back));
            }
        });
}

void Drafting::suggest(const AssistRequest& request, std::string passage, Position after,
                       Version version, assist::Terms terms, noa::Responder responder) {
    ++asked_model_;
    const auto heard = [this, subject = "drafts." + request.id + ".assist",
                        id = request.id](std::string piece) {
        // As it comes, to those who look on; the answer has all of it.
        static_cast<void>(post([this, subject, id, piece = std::move(piece)] {
            if (!closing_) {
                static_cast<void>(
                    publish(subject, noa::json_body(noa::Json{{"id", id}, {"text", piece}})));
            }
        }));
    };
    task(
        [terms = std::move(terms), instruction = request.instruction, passage, heard,
         begin = request.begin, after](const std::stop_token& stop) -> noa::Result<Suggested> {
            auto written = assist::ask(terms, {instruction, passage}, stop, heard);
            if (!written) {
                return written.error();
            }
            auto changes = changes_of(passage, written->text, begin, after);
            if (!changes) {
                return changes.error();
            }
            return Suggested{std::move(written->text), *std::move(changes), written->whole};
        },
        [this, version, responder = std::move(responder)](noa::Result<Suggested> got) mutable {
            --asked_model_;
            if (!got) {
                responder.fail(got.error());
                return;
            }
            responder.reply(noa::json_body(noa::Json{{"version", version},
                                                     {"text", got->text},
                                                     {"changes", noa::Json::parse(got->changes)},
                                                     {"cut", !got->whole}}));
        });
}

} // namespace drafting
