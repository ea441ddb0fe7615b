// noa.backup/1 over the bus: a job asks from its thread, the lane sends, and what comes back is
// whatever others wrote.
#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

#include "agent.hpp"
#include "noa/sdk/backup.hpp"

namespace backup {

namespace {

constexpr std::size_t most_asked = 200; // at the same time
constexpr std::size_t longest_answer = 1U << 20U;
constexpr std::size_t longest_reason = 512;
constexpr std::chrono::seconds describe_patience{10};

bool is_away(noa_status status) {
    return status == NOA_E_NO_AGENT || status == NOA_E_UNAVAILABLE;
}

Offer offer_in(const noa::Result<std::string>& described) {
    if (!described) {
        return {.fault = described.error().text};
    }
    const auto description = noa::parse_json(*described);
    if (!description || !description->is_object()) {
        return {.fault = "its description is no JSON object"};
    }
    // The host describes those, and knows nothing of what they do: they are asked.
    if (const auto outside = description->find("outside");
        outside != description->end() && *outside == true) {
        return {.writes = true, .validates = true};
    }
    const auto operations = description->find("operations");
    const bool some = operations != description->end() && operations->is_object();
    return {.writes = some && operations->contains("state.export"),
            .validates = some && operations->contains("state.validate")};
}

// Of the host's answer to `agents`: whether each runs.
noa::Result<std::map<std::string, bool>> agents_in(const noa::Result<std::string>& answer) {
    const auto all = answer ? noa::parse_json(*answer) : noa::Result<noa::Json>(answer.error());
    if (!all || !all->is_array()) {
        return all ? noa::failed("the host's list of agents is none") : all.error();
    }
    std::map<std::string, bool> running;
    for (const noa::Json& one : *all) {
        const auto text = [&one](const char* key) {
            const auto found = one.is_object() ? one.find(key) : one.end();
            return one.is_object() && found != one.end() && found->is_string()
                       ? found->get<std::string>()
                       : std::string();
        };
        running[text("name")] = text("state") == "running";
    }
    return running;
}

} // namespace

struct Backup::Asking::Round {
    std::mutex mutex;
    std::condition_variable_any answered;
    std::vector<noa::Result<std::string>> answers; // guarded by mutex
    std::size_t open = 0;                          // guarded by mutex

    void take(std::size_t place, noa::Result<std::string> answer) {
        const std::lock_guard lock(mutex);
        answers[place] = std::move(answer);
        open -= 1;
        answered.notify_all();
    }
};

// Owners of the round: who waits for it, and the requests that are open still when it waits no
// longer.
void Backup::Asking::ask_some(std::span<const Question> questions, noa::Duration patience,
                              const std::stop_token& stop, Answers& ret_answers) {
    const std::shared_ptr<Round> round(new Round);
    round->answers.resize(questions.size(), interrupted());
    round->open = questions.size();
    const noa::Status posted =
        agent_.post([&agent = agent_, round, patience, // this may be gone before
                     all = std::vector<Question>(questions.begin(), questions.end())] {
            for (std::size_t place = 0; place < all.size(); ++place) {
                const Question& one = all[place];
                agent
                    .request(one.agent, one.operation,
                             noa::sdk::Body(one.body, noa::json_content_type))
                    .timeout(patience)
                    .then([round, place](const noa::Reply& reply) {
                        if (!reply) {
                            noa::Error error = reply.error();
                            error.text.resize(std::min(error.text.size(), longest_reason));
                            round->take(place, std::move(error));
                        } else if (reply.body().size() > longest_answer) {
                            round->take(place, noa::too_large("its answer is too long"));
                        } else {
                            round->take(place, std::string(reply.body()));
                        }
                    });
            }
        });
    std::unique_lock lock(round->mutex);
    if (posted) {
        round->answered.wait(lock, stop, [&round] { return round->open == 0; });
    }
    ret_answers.insert(ret_answers.end(), round->answers.begin(), round->answers.end());
}

Backup::Asking::Answers Backup::Asking::ask_all(const std::vector<Question>& questions,
                                                noa::Duration patience,
                                                const std::stop_token& stop) {
    Answers answers;
    for (std::size_t at = 0; at < questions.size(); at += most_asked) {
        ask_some(std::span(questions).subspan(at, std::min(most_asked, questions.size() - at)),
                 patience, stop, answers);
    }
    return answers;
}

noa::sdk::Result<std::map<std::string, Offer>>
Backup::Asking::offers(const std::vector<std::string>& names, const std::stop_token& stop) {
    const auto hosted =
        agents_in(ask_all({{"host", "agents", "{}"}}, describe_patience, stop).front());
    if (!hosted) {
        return hosted.error();
    }
    const bool all = std::ranges::find(names, "*") != names.end();
    std::vector<Question> questions;
    for (const auto& [name, runs] : *hosted) {
        const bool wanted = all || std::ranges::find(names, name) != names.end();
        if (runs && wanted && name != own_name_) {
            questions.push_back({name, "describe", "{}"});
        }
    }
    for (const std::string& name : names) {
        if (name != "*" && !hosted->contains(name)) { // served from outside, perhaps
            questions.push_back({name, "describe", "{}"});
        }
    }
    const Answers answers = ask_all(questions, describe_patience, stop);
    std::map<std::string, Offer> offers;
    for (std::size_t place = 0; place < questions.size(); ++place) {
        if (answers[place] || !is_away(answers[place].error().status)) {
            offers.emplace(questions[place].agent, offer_in(answers[place]));
        }
    }
    return offers;
}

std::vector<noa::sdk::Result<std::string>> Backup::Asking::ask(Hook hook,
                                                               const std::vector<HookCall>& calls,
                                                               noa::Duration patience,
                                                               const std::stop_token& stop) {
    const char* operation = hook == Hook::write ? "state.export" : "state.validate";
    std::vector<Question> questions;
    for (const HookCall& call : calls) {
        const auto body =
            noa::sdk::Codec<noa::sdk::StatePlace>::encode(noa::sdk::StatePlace{call.directory});
        questions.push_back({call.agent, operation, body ? body->bytes : std::string()});
    }
    Answers answers = ask_all(questions, patience, stop);
    if (hook == Hook::validate) {
        for (auto& answer : answers) {
            if (!answer) {
                continue;
            }
            auto verdict =
                noa::sdk::Codec<noa::sdk::StateVerdict>::decode(*answer, noa::sdk::Extra::ignored);
            if (!verdict) {
                answer = noa::failed("its answer is no verdict: " + verdict.error().text);
            } else if (verdict->ok) {
                answer = std::string();
            } else {
                verdict->why.resize(std::min(verdict->why.size(), longest_reason));
                answer = verdict->why.empty() ? "it does not say why" : std::move(verdict->why);
            }
        }
    }
    return answers;
}

} // namespace backup
