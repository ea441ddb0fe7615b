// What looks at texts: analysis, lint, suggestions, LanguageTool's check.
#include <chrono>

#include "agent.hpp"
#include "analysis_requests.hpp"

namespace drafting {

namespace {

constexpr std::size_t most_jobs = 128;
constexpr std::uint64_t most_listed = 10'000;
constexpr std::size_t most_words = 10'000;
constexpr std::chrono::milliseconds near_time(300); // that near words may take of one request

std::optional<lint::Format> format_named(const std::string& name) {
    return name == "markdown" ? std::optional(lint::Format::markdown)
           : name == "text"   ? std::optional(lint::Format::plain)
                              : std::nullopt;
}

// Good for that long: finding near words takes milliseconds each.
lint::Desk::GoOn until_over(const std::stop_token& stop) {
    const auto end = std::chrono::steady_clock::now() + near_time;
    return [end, stop] { return std::chrono::steady_clock::now() < end && !stop.stop_requested(); };
}

noa::Status check_request(const TextRequest& request) {
    if (!format_named(request.format)) {
        return noa::invalid("/format: must be markdown or text");
    }
    if (request.text.has_value() == !request.id.empty()) {
        return noa::invalid("/id, /text: it takes one of them");
    }
    if (request.most < 1 || request.most > most_listed || request.words.size() > most_words) {
        return noa::invalid("/most: must be 1 to 10000, as are /words");
    }
    return {};
}

lint::Subject subject_of(const TextRequest& request) {
    lint::Subject subject;
    subject.type = request.type;
    subject.text = request.text.value_or("");
    subject.format = format_named(request.format).value_or(lint::Format::markdown);
    subject.words.insert(request.words.begin(), request.words.end());
    return subject;
}

} // namespace

void Drafting::set_up_analysis(noa::Setup& setup) {
    using lint::Desk;
    using lint::Subject;
    const auto offer = [this, &setup](const char* name, const char* about, auto work) {
        setup.operation(name, about,
                        [this, work](const TextRequest& request, const noa::Request& message,
                                     noa::Responder responder) {
                            look_at_text(request, message, std::move(responder), work);
                        });
    };
    offer("analyse", "Figures of a text: readability, tone, keywords",
          [](Desk& desk, Subject subject, const TextRequest&, const std::stop_token&) {
              return desk.analyse(std::move(subject));
          });
    offer("lint", "What is to be said about a text",
          [](Desk& desk, Subject subject, const TextRequest& request, const std::stop_token& stop) {
              return desk.findings(std::move(subject), request.near, until_over(stop));
          });
    offer("suggestions", "What to change in a text, the most wanted first",
          [](Desk& desk, Subject subject, const TextRequest& request, const std::stop_token& stop) {
              return desk.suggestions(std::move(subject), request.most, until_over(stop));
          });
    offer("words", "The words of a text with stems and parts of speech",
          [](Desk& desk, Subject subject, const TextRequest& request, const std::stop_token&) {
              return desk.words(std::move(subject), request.most);
          });
    set_up_more_analysis(setup);
}

void Drafting::set_up_more_analysis(noa::Setup& setup) {
    setup.operation(
        "similarity", "How alike two texts are",
        [this](const SimilarityRequest& request, const noa::Request& message,
               noa::Responder responder) { compare(request, message, std::move(responder)); });
    setup.operation("synonyms", "Words of the same meaning",
                    [this](const SynonymsRequest& request, noa::Responder responder) {
                        at_desk(std::move(responder), [word = request.word](lint::Desk& desk) {
                            return desk.synonyms(word);
                        });
                    });
    setup.operation("check", "A form of LanguageTool's /v2/check, as an object of texts",
                    [this](const CheckRequest& request, noa::Responder responder) {
                        at_desk(
                            std::move(responder),
                            [form = request.form, stop = desk_stop_.get_token()](lint::Desk& desk) {
                                return desk.check(form, until_over(stop));
                            });
                    });
    setup.operation("languages", "LanguageTool's /v2/languages",
                    [](const noa::Request&, noa::Responder responder) {
                        responder.reply(noa::json_body(lint::languages_answer()));
                    });
    setup.gauge("analysis_waiting", "Texts that wait to be looked at",
                [this] { return desk_jobs_; });
    setup.health("analysis", noa::sdk::Weight::minor, [this] { return desk_health(); });
}

noa::Health Drafting::desk_health() const {
    return desk_fault_.empty() ? noa::Health::healthy() : noa::Health::needs_repair(desk_fault_);
}

void Drafting::open_desk() {
    const AnalysisSettings& from = settings_.analysis;
    lint::DeskPlan plan;
    plan.paths = {from.dictionary, from.hyphenation, from.thesaurus, from.words};
    plan.plain_english = from.plain_english;
    plan.rules = from.rules;
    plan.rules_by_type = from.type_rules;
    desk_stop_ = std::stop_source();
    desk_jobs_ = 0;
    desk_fault_.clear();
    desk_ = std::make_unique<noa::Worker<lint::Desk>>(
        lint::Desk(std::move(plan)), [this] { static_cast<void>(post([this] { take_done(); })); });
}

// What is not begun is redelivered to the next generation.
void Drafting::close_desk() {
    desk_stop_.request_stop();
    desk_->finish();
    desk_.reset();
}

void Drafting::at_desk(noa::Responder responder, DeskWork work) {
    if (desk_jobs_ >= most_jobs) {
        responder.fail(noa::busy("too many texts wait to be looked at"));
        return;
    }
    ++desk_jobs_;
    struct Outcome {
        std::optional<lint::Desk::Answer> answer;
        std::vector<std::string> faults;
    };
    auto outcome = std::make_unique<Outcome>();
    auto* place = outcome.get();
    desk_->run(
        [place, work = std::move(work), stop = desk_stop_.get_token()](lint::Desk& desk) mutable {
            if (!stop.stop_requested()) {
                place->answer.emplace(work(desk));
                place->faults = desk.faults();
            }
        },
        [this, outcome = std::move(outcome), responder = std::move(responder)]() mutable {
            --desk_jobs_;
            if (closing_ || !outcome->answer) {
                return;
            }
            tell_faults(outcome->faults);
            if (*outcome->answer) {
                responder.reply(noa::json_body(**outcome->answer));
            } else {
                responder.fail(outcome->answer->error());
            }
        });
}

void Drafting::tell_faults(const std::vector<std::string>& faults) {
    std::string all;
    for (const std::string& fault : faults) {
        all += (all.empty() ? "" : "; ") + fault;
    }
    if (all != desk_fault_) {
        desk_fault_ = all;
        log(noa::Level::warning, "analysis.incomplete", all);
    }
}

void Drafting::look_at_text(const TextRequest& request, const noa::Request& message,
                            noa::Responder responder, TextWork work) {
    if (noa::Status good = check_request(request); !good) {
        responder.fail(good.error());
        return;
    }
    const auto run = [this, work, request](lint::Subject subject, Text text, bool draft,
                                           Version version, noa::Responder back) {
        at_desk(std::move(back),
                [work, request, subject = std::move(subject), text = std::move(text), draft,
                 version, stop = desk_stop_.get_token()](lint::Desk& desk) mutable {
                    if (draft) {
                        subject.text = text.str();
                    }
                    noa::Json answer = work(desk, std::move(subject), request, stop);
                    if (draft) {
                        answer["version"] = version;
                    }
                    return lint::Desk::Answer(std::move(answer));
                });
    };
    lint::Subject subject = subject_of(request);
    if (request.id.empty()) {
        run(std::move(subject), Text(), false, 0, std::move(responder));
        return;
    }
    subject.key = request.id;
    with_draft_as(
        request.id, who(request.as, message), Role::viewer, std::move(responder),
        [run, subject = std::move(subject)](OpenDraft& draft, noa::Responder back) mutable {
            if (subject.type.empty()) {
                subject.type = draft.authority.draft().type;
            }
            run(std::move(subject), draft.authority.text(), true, draft.authority.version(),
                std::move(back));
        });
}

void Drafting::compare(const SimilarityRequest& request, const noa::Request& message,
                       noa::Responder responder) {
    const auto format = format_named(request.format);
    if (!format || request.text.has_value() == !request.id.empty() ||
        request.other_text.has_value() == !request.other.empty()) {
        responder.fail(noa::invalid("/id or /text, and /other or /other_text; /format: must be "
                                    "markdown or text"));
        return;
    }
    struct Side {
        std::string id;
        std::string text;
    };
    const auto as = who(request.as, message);
    const auto finish = [this, format = *format](std::string one, std::string other,
                                                 noa::Responder back) {
        at_desk(std::move(back),
                [one = std::move(one), other = std::move(other), format](lint::Desk& desk) mutable {
                    lint::Subject first;
                    lint::Subject second;
                    first.text = std::move(one);
                    second.text = std::move(other);
                    first.format = second.format = format;
                    return lint::Desk::Answer(desk.similarity(first, second));
                });
    };
    const auto second = [this, as, finish, other = request.other,
                         text = request.other_text](std::string one, noa::Responder back) {
        if (other.empty()) {
            finish(std::move(one), *text, std::move(back));
            return;
        }
        with_draft_as(other, as, Role::viewer, std::move(back),
                      [finish, one = std::move(one)](OpenDraft& draft, noa::Responder rest) {
                          finish(one, draft.authority.text().str(), std::move(rest));
                      });
    };
    if (request.id.empty()) {
        second(*request.text, std::move(responder));
        return;
    }
    with_draft_as(request.id, as, Role::viewer, std::move(responder),
                  [second](OpenDraft& draft, noa::Responder back) {
                      second(draft.authority.text().str(), std::move(back));
                  });
}

} // namespace drafting
