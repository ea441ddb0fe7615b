// The agent: drafts on the bus.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "../assist/model.hpp"
#include "../collab/authority.hpp"
#include "../collab/sessions.hpp"
#include "../exchange/pages.hpp"
#include "../lint/desk.hpp"
#include "../store/reader.hpp"
#include "../store/store.hpp"
#include "../versions/difference.hpp"
#include "analysis_requests.hpp"
#include "lifecycle_requests.hpp"
#include "noa/sdk/backup.hpp"
#include "noa/sdk/json.hpp"
#include "noa/sdk/worker.hpp"
#include "requests.hpp"
#include "settings.hpp"
#include "settings_schema.hpp"
#include "template_requests.hpp"
#include "version_requests.hpp"

namespace drafting {

class Drafting final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "drafting",
        .version = "1.0.0",
        .description = "Drafts that several write at once, with all their history",
        .settings_schema = settings_schema,
    };

    void setup(noa::Setup& setup) override;
    noa::Status start() override;
    noa::Status quiesce(noa::Time deadline) override;
    void confirm() override;

private:
    using Body = noa::Result<noa::OwnedBody>;

    // A draft in memory.
    struct OpenDraft {
        explicit OpenDraft(Loaded loaded) : authority(std::move(loaded)) {}
        Authority authority;
        noa::Time used;
        noa::Time saved; // when its text was put down last
        Version saving = -1;
        std::uint64_t journaled = 0; // bytes of changes, since the journal was looked at
    };
    // Who waits for what comes after a version.
    struct Waiter {
        std::string id;
        Version version;
        noa::Responder responder;
        noa::TimerId timer = 0;
    };
    struct Later {
        noa::Responder responder;
        noa::sdk::Function<void(noa::Responder)> told;
    };
    // What is committed at once, and what is done then.
    struct Group {
        Batch batch;
        std::vector<Later> later;
        std::vector<std::pair<std::string, std::string>> events; // subject, body
        std::map<std::string, Version> versions;                 // of the drafts that it changes
        std::map<std::string, Version> saved;
        Stored<> outcome;
        [[nodiscard]] bool empty() const { return batch.empty() && later.empty(); }
    };
    // Whose change it is, and the message of a revision that it becomes; empty: none. What it takes
    // over of which other draft, up to which version.
    struct Signature {
        std::string author;
        std::string client;
        std::string message;
        std::string merged_from;
        Version merged_version = 0;
    };
    using Then = noa::sdk::Function<void(OpenDraft&, noa::Responder)>;

    // agent.cpp
    void set_up_metrics(noa::Setup& setup);
    noa::Status open_store(const std::string& directory);
    void take_done();
    [[nodiscard]] noa::Health health() const;
    [[nodiscard]] Millis date() const;
    // Whoever acts: "as", or the sender. INVALID where it is no name.
    [[nodiscard]] noa::Result<std::string> who(const std::string& as,
                                               const noa::Request& request) const;

    template <class R>
    void offer(noa::Setup& setup, const char* name, const char* summary,
               void (Drafting::*run)(const R&, const noa::Request&, noa::Responder)) {
        setup.operation(
            name, summary,
            [this, run](const R& request, const noa::Request& message, noa::Responder responder) {
                (this->*run)(request, message, std::move(responder));
            });
    }

    // commits.cpp
    void flush();
    void submit(std::unique_ptr<Group> group);
    void finish(Group& group);
    void give_up(Group& group);
    // Answers what `told` makes when all is on the disk that is staged until now.
    void when_committed(noa::Responder responder, noa::sdk::Function<void(noa::Responder)> told);
    void event(const std::string& id, std::string_view what, std::string body);
    // `step(store)`, a Stored<T>, in the next commit; then `done(value, responder)` on the lane.
    template <class T, class S, class D>
    void stage(noa::Responder responder, S step, D done) {
        auto result = std::make_shared<std::optional<T>>(); // the step, and who is told of it
        gathering_->batch.steps.push_back(
            [result, step = std::move(step)](Store& store) -> Stored<> {
                auto told = step(store);
                if (!told) {
                    return told.error();
                }
                result->emplace(*std::move(told));
                return {};
            });
        when_committed(std::move(responder),
                       [result, done = std::move(done)](noa::Responder back) mutable {
                           done(**std::move(result), std::move(back));
                       });
    }
    // `work(reader)` on its thread, a Stored<T>; `done(value, responder)` on the lane.
    template <class T, class W, class D>
    void look(noa::Responder responder, W work, D done) {
        auto result = std::make_unique<std::optional<Stored<T>>>();
        auto* place = result.get();
        reader_->run([place, work = std::move(work)](
                         Reader& reader) mutable { place->emplace(work(reader)); },
                     [this, result = std::move(result), responder = std::move(responder),
                      done = std::move(done)]() mutable {
                         if (closing_) {
                             return; // redelivered to the next generation
                         }
                         if (**result) {
                             done(*std::move(**result), std::move(responder));
                         } else {
                             responder.fail(failure_of((*result)->error()));
                         }
                     });
    }
    [[nodiscard]] static noa::Error failure_of(const noa::sqlite::Error& error);

    // open_drafts.cpp
    // `then(draft, responder)` with the draft in memory, now or later on the lane; NOT_FOUND, BUSY
    // to the asker.
    void with_draft(const std::string& id, noa::Responder responder, Then then);
    // The same, where `as` has that role in it, DENIED otherwise.
    void with_draft_as(const std::string& id, const noa::Result<std::string>& as, Role least,
                       noa::Responder responder, Then then);
    void loaded(const std::string& id, std::optional<Loaded> found);
    void look_after_drafts();
    void save_text(const std::string& id, OpenDraft& draft);
    [[nodiscard]] static bool is_large(const OpenDraft& draft);
    void make_room(std::size_t bytes);
    [[nodiscard]] bool in_use(const std::string& id) const;
    [[nodiscard]] std::size_t open_bytes() const;
    [[nodiscard]] noa::Json told(const Draft& draft, Version version) const;

    // drafts.cpp
    void set_up_drafts(noa::Setup& setup);
    // Who makes a draft, and by which message: the same one makes the same draft.
    struct Origin {
        noa::Result<std::string> author;
        std::string cause;
    };
    [[nodiscard]] Origin origin(const std::string& as, const noa::Request& message) const;
    void create(const CreateRequest& request, Origin origin, noa::Responder responder);
    void insert(Draft draft, Text text, std::string cause, noa::Responder responder);
    noa::Status check(const Draft& draft) const;
    void get(const GetRequest& request, const noa::Request& message, noa::Responder responder);
    void list(const DraftListRequest& request, const noa::Request& message,
              noa::Responder responder);
    void reply_former(const std::string& id, Version at, Position from, noa::Json out,
                      noa::Responder responder);
    void reply_page(noa::Json out, const Text& text, Position from, noa::Responder responder) const;

    // edits.cpp
    void set_up_edits(noa::Setup& setup);
    // Whether so many more are within what there may be in a second.
    bool allowed(const std::string& key, std::size_t count, double per_second);
    void edit(const EditRequest& request, const noa::Request& message, noa::Responder responder);
    void take(OpenDraft& draft, std::vector<Edit> edits, Version version, bool rebase,
              const std::string& author, noa::Responder responder);
    noa::Result<std::vector<Change>> accept(OpenDraft& draft, const std::vector<Edit>& edits,
                                            const std::string& author);
    void answer_stale(OpenDraft& draft, Version version, noa::Responder responder);
    void pull(const PullRequest& request, const noa::Request& message, noa::Responder responder);
    void pulled(const std::string& id, Version since, Version now, const noa::Json& more,
                noa::Responder responder);
    void wake(const std::string& id);

    // versions.cpp
    void set_up_versions(noa::Setup& setup);
    template <class T, class W, class D>
    void compute(noa::Responder responder, W work, D done);
    template <class F>
    void with_texts(const std::string& id, Version from, std::optional<Version> to,
                    noa::Responder responder, F then);
    void put_text(const std::string& id, Version version, Text from, std::string text,
                  Signature signature, noa::Responder responder);
    void put_changes(OpenDraft& draft, Version version, ChangeSet changes,
                     const Signature& signature, noa::Responder responder);
    std::int64_t stage_revision(OpenDraft& draft, const std::string& author,
                                const std::string& message);
    void replace(const ReplaceRequest& request, const noa::Request& message,
                 noa::Responder responder);
    void revise(const ReviseRequest& request, const noa::Request& message,
                noa::Responder responder);
    void history(const HistoryRequest& request, const noa::Request& message,
                 noa::Responder responder);
    void diff(const DiffRequest& request, const noa::Request& message, noa::Responder responder);
    void blame(const HistoryRequest& request, const noa::Request& message,
               noa::Responder responder);
    void restore_text(const RestoreRequest& request, const noa::Request& message,
                      noa::Responder responder);

    // branches.cpp
    void set_up_branches(noa::Setup& setup);
    void branch(const BranchRequest& request, const noa::Request& message,
                noa::Responder responder);
    void merge_in(const MergeRequest& request, const noa::Request& message,
                  noa::Responder responder);
    void merge_texts(const MergeRequest& request, Version base, const std::string& author,
                     noa::Responder responder);
    void take_merged(const MergeRequest& request, Version now, Version taken, std::string text,
                     const std::string& author, noa::Responder responder);
    void mark_merged(OpenDraft& draft, const std::string& other, Version version);

    // lifecycle.cpp
    void set_up_lifecycle(noa::Setup& setup);
    void set(const SetRequest& request, const noa::Request& message, noa::Responder responder);
    void move(const MoveRequest& request, const noa::Request& message, noa::Responder responder);
    void drop(const IdRequest& request, const noa::Request& message, noa::Responder responder);
    void share(const ShareRequest& request, const noa::Request& message, noa::Responder responder);
    void search(const SearchRequest& request, const noa::Request& message,
                noa::Responder responder);
    void stage_draft(OpenDraft& draft);
    void answer_changed(OpenDraft& draft, noa::Responder responder);
    void count_bytes();
    void look_after_age();
    void look_after_history();

    // comments.cpp
    void set_up_comments(noa::Setup& setup);
    void add_comment(const CommentRequest& request, const noa::Request& message,
                     noa::Responder responder);
    void set_comment(const CommentSetRequest& request, const noa::Request& message,
                     noa::Responder responder);
    void list_comments(const IdRequest& request, const noa::Request& message,
                       noa::Responder responder);
    void stage_comment(OpenDraft& draft, const Comment& comment, noa::Responder responder);

    // templates.cpp
    void set_up_templates(noa::Setup& setup);
    void set_template(const TemplateSetRequest& request, const noa::Request& message,
                      noa::Responder responder);
    void drop_template(const NameRequest& request, const noa::Request& message,
                       noa::Responder responder);
    void list_templates(noa::Responder responder);
    void render_template(const RenderRequest& request, noa::Responder responder);
    // `then(text, responder)` with what a template makes of parameters.
    void rendered(const std::string& name, noa::Json parameters, noa::Responder responder,
                  noa::sdk::Function<void(std::string, noa::Responder)> then);

    // presence.cpp
    void set_up_presence(noa::Setup& setup);
    void open(const OpenRequest& request, const noa::Request& message, noa::Responder responder);
    void opened(OpenDraft& draft, Session session, noa::Responder responder);
    void presence(const PresenceRequest& request, const noa::Request& message,
                  noa::Responder responder);
    void close(const CloseRequest& request, noa::Responder responder);
    void tell_gone(const std::string& draft, const std::string& session);
    void tell_present(const std::string& draft, const Session& session);
    void look_after_sessions();

    // analysis.cpp
    using DeskWork = noa::sdk::Function<lint::Desk::Answer(lint::Desk&)>;
    using TextWork = noa::Json (*)(lint::Desk&, lint::Subject, const TextRequest&,
                                   const std::stop_token&);
    void set_up_analysis(noa::Setup& setup);
    void set_up_more_analysis(noa::Setup& setup);
    void open_desk();
    void close_desk();
    // `work(desk)` on its thread, and its answer to the asker.
    void at_desk(noa::Responder responder, DeskWork work);
    void tell_faults(const std::vector<std::string>& faults);
    void look_at_text(const TextRequest& request, const noa::Request& message,
                      noa::Responder responder, TextWork work);
    void compare(const SimilarityRequest& request, const noa::Request& message,
                 noa::Responder responder);
    [[nodiscard]] noa::Health desk_health() const;

    // assist.cpp
    void set_up_assist(noa::Setup& setup);
    void assist(const AssistRequest& request, const noa::Request& message,
                noa::Responder responder);
    void suggest(const AssistRequest& request, std::string passage, Position after, Version version,
                 assist::Terms terms, noa::Responder responder);

    // exchange.cpp
    void set_up_exchange(noa::Setup& setup);
    void export_draft(const ExportRequest& request, const noa::Request& message,
                      noa::Responder responder);
    void print(exchange::Page page, const Text& text, noa::Json out, noa::Responder responder);
    void imported(const ImportRequest& request, noa::Result<exchange::Page> page, Origin origin,
                  noa::Responder responder);
    void import_draft(const ImportRequest& request, const noa::Request& message,
                      noa::Responder responder);

    Settings settings_;
    std::map<std::string, OpenDraft> open_;
    std::map<std::string, std::vector<std::pair<noa::Responder, Then>>> loading_;
    std::list<Waiter> waiters_;
    Sessions sessions_;
    std::map<std::string, Allowance> allowances_; // by session, or sender and client
    std::unique_ptr<Group> gathering_ = std::make_unique<Group>();
    bool in_flight_ = false;
    std::int64_t total_bytes_ = 0;   // of all texts
    std::set<std::string> flying_;   // drafts that are being committed
    std::set<std::string> dropping_; // that go with a commit to come
    bool closing_ = false;
    std::string store_fault_; // of the last commit; empty: it went well
    std::string compacted_;   // the draft whose journal was looked at last
    std::uint64_t sessions_begun_ = 0;
    std::uint64_t texts_put_ = 0;
    std::uint64_t chance_ = 0; // that names of sessions begin with
    Millis clock_offset_ = 0;  // of dates to the host's clock
    noa::Counter accepted_;
    noa::Counter stale_;
    noa::Counter refused_;
    noa::Counter commits_;
    noa::Counter checkpoints_;
    std::size_t asked_model_ = 0; // that it has not answered
    std::size_t desk_jobs_ = 0;   // at the desk, or waiting
    std::string desk_fault_;      // what it could not read; empty: nothing
    std::stop_source desk_stop_;
    std::unique_ptr<GitLibrary> git_; // begun for all comparisons between start and quiesce
    noa::BackupHooks backup_;
    // They go first: what their threads hand back refers to the rest.
    std::unique_ptr<noa::Worker<Reader>> reader_;
    std::unique_ptr<noa::Worker<lint::Desk>> desk_;
    std::unique_ptr<noa::sqlite::StoreWorker<Store>> writer_;
};

// As they are told: [{"clientID", "changes", "author", "at"}].
[[nodiscard]] std::string told_updates(const std::vector<Change>& changes);
// Of the id of a message, so that the same request gives the same draft.
[[nodiscard]] std::string id_of_cause(std::string_view cause);
[[nodiscard]] std::string date_text(Millis at);

} // namespace drafting
