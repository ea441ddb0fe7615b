// Follows documents of the agent config: every change once, in order, through reloads of both
// sides and a kill of the host. Optional.
//
//     void setup(noa::Setup& setup) override { setup.use(watch_); … }
//     noa::Status start() override { return watch_.begin(); }
//     noa::Status save(noa::StateWriter& state) override {
//         state.signed_number(watch_.revision()); …
//     }
//     noa::Status restore(noa::StateReader& state) override {
//         watch_.go_on_from(state.signed_number()); …
//     }
//     noa::DocumentWatch watch_{{"app"},
//                               [this](const noa::DocumentChange& change) { return take(change); },
//                               [this] { read_all_documents(); }};
//
// What is saved outlives a reload and a stop of the host. To outlive a kill as well, keep the
// revision where the effects of a change are kept, and give it back in start.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "noa/sdk/generation.hpp"
#include "noa/sdk/json.hpp"

namespace noa::sdk {

// Views, for the length of the call.
struct DocumentChange {
    std::int64_t revision;
    std::string_view name;
    const Json& event; // layer, version, kind, patch …: plugins/config/README.md, "Watching"
};

// A member of the agent.  [lane] every function.
class DocumentWatch final : public Part {
public:
    // Returns whether the change was dealt with; one that was not comes again after a pause.
    using Take = Function<Status(const DocumentChange&)>;
    // What came before revision() is not known one by one, be it that it was compacted, that the
    // store is another one, or that no revision was given: read the documents, what is newer than
    // revision() follows. Changes that were read already may follow too: compare `version`.
    using Anew = Function<void()>;

    // `names` of documents, 256 at most; none: all.
    DocumentWatch(std::vector<std::string> names, Take take, Anew anew)
        : names_(std::move(names)), take_(std::move(take)), anew_(std::move(anew)) {}

    Status attach(Generation& generation) override {
        if (names_.size() > most_names) {
            return invalid("a noa::DocumentWatch has 256 names at most");
        }
        generation_ = &generation;
        std::vector<std::string> subjects{"config.ready"};
        for (const std::string& name : names_) {
            subjects.push_back("config.changed." + name);
        }
        if (names_.empty()) {
            subjects.emplace_back("config.changed.>");
        }
        for (std::string& subject : subjects) {
            if (Status subscribed = subscribe(std::move(subject)); !subscribed) {
                return subscribed;
            }
        }
        // An event that an inbox had no room for is not sent again: nobody waits longer than this.
        generation.periodics.push_back({longest_silence, [this] { ask(); }});
        return {};
    }
    void starting() noexcept override { quiet(); }
    void quiet() noexcept override {
        ++turn_;
        asking_ = active_ = false;
    }

    // In restore or start: the last revision that was dealt with; 0: all there is.
    void go_on_from(std::int64_t revision) noexcept { revision_ = revision; }
    // In start.
    Status begin() {
        active_ = true;
        pause_ = first_pause;
        asked_anew_ = false;
        revision_ < 0 ? ask_for_revision() : ask();
        return {};
    }
    // Everything up to it was given to Take, or is to be read anew; -1: not known yet.
    [[nodiscard]] std::int64_t revision() const noexcept { return revision_; }

private:
    static constexpr std::size_t most_names = 256;
    static constexpr Duration longest_silence = std::chrono::seconds(30);
    static constexpr Duration first_pause = std::chrono::milliseconds(50);
    static constexpr Duration longest_pause = std::chrono::seconds(5);
    static constexpr Duration patience = std::chrono::seconds(10);

    Status subscribe(std::string subject) {
        const noa_status status =
            generation_->host.table().subscribe(generation_->host.context(), to_str(subject));
        if (status == NOA_OK) {
            // Events only tell that there is something: it is read from the store, in order.
            generation_->subscriptions.add(std::move(subject), [this](const Event&) {
                ask();
                return Status();
            });
        }
        return to_status(status, "subscribe to changes of documents");
    }

    void ask() {
        if (!active_ || asking_) {
            again_ = true;
            return;
        }
        const Json body{{"since", revision_}, {"names", names_}};
        request("changes", json_text(body), [this](const Reply& reply) { take_answer(reply); });
    }
    void ask_for_revision() {
        request("list", R"({"prefix":"-"})", [this](const Reply& reply) {
            const Result<Json> answer = reply.ok() ? parse_json(reply.body()) : Json();
            if (!answer || !answer->contains("revision")) {
                return ask_later(true);
            }
            revision_ = (*answer)["revision"].get<std::int64_t>();
            anew_();
            ask();
        });
    }
    // One at a time.
    void request(std::string_view operation, const std::string& body, Continuation then) {
        asking_ = true;
        again_ = false;
        const Question question{
            "config", operation, Body(body, json_content_type), {.timeout = patience}, nullptr};
        generation_->requests.begin(
            question, [this, turn = turn_, then = std::move(then)](const Reply& reply) mutable {
                if (turn == turn_) {
                    asking_ = false;
                    then(reply);
                }
            });
    }

    void take_answer(const Reply& reply) {
        // Compacted, or a store that is behind what was seen of it.
        if (reply.status() == NOA_E_RETIRED || reply.status() == NOA_E_INVALID) {
            std::exchange(asked_anew_, true) ? ask_later(true) : ask_for_revision();
            return;
        }
        const Result<Json> answer = reply.ok() ? parse_json(reply.body()) : Json();
        if (!answer || !answer->contains("events") || !take_all((*answer)["events"])) {
            return ask_later(false);
        }
        revision_ = (*answer)["revision"].get<std::int64_t>();
        pause_ = first_pause;
        asked_anew_ = false;
        if (again_ || (*answer)["more"].get<bool>()) {
            ask();
        }
    }
    bool take_all(const Json& events) {
        return std::ranges::all_of(events, [this](const Json& event) {
            const auto revision = event["revision"].get<std::int64_t>();
            const DocumentChange change{revision, event["name"].get_ref<const std::string&>(),
                                        event};
            const bool taken = take_(change).has_value();
            revision_ = taken ? revision : revision_;
            return taken;
        });
    }
    void ask_later(bool anew) {
        asking_ = true; // events do not shorten the pause
        const auto timer = generation_->timers.after(pause_, [this, anew, turn = turn_] {
            if (turn == turn_) {
                asking_ = false;
                anew ? ask_for_revision() : ask();
            }
        });
        asking_ = timer.has_value();
        pause_ = std::min<Duration>(2 * pause_, longest_pause);
    }

    std::vector<std::string> names_;
    Take take_;
    Anew anew_;
    Generation* generation_ = nullptr;
    std::int64_t revision_ = -1;
    std::uint64_t turn_ = 0; // of starts and quiesces: answers to a former one do not count
    Duration pause_ = first_pause;
    bool active_ = false;
    bool asking_ = false;
    bool again_ = false;
    bool asked_anew_ = false;
};

} // namespace noa::sdk

namespace noa {

using sdk::DocumentChange;
using sdk::DocumentWatch;

} // namespace noa
