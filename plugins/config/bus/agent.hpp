// The agent: documents on the bus, its settings, its metrics, its life.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "../model/plan.hpp"
#include "../model/policy.hpp"
#include "allowance.hpp"
#include "date.hpp"
#include "drift.hpp"
#include "messages.hpp"
#include "noa/sdk/backup.hpp"
#include "noa/sdk/worker.hpp"
#include "settings.hpp"
#include "watchers.hpp"

namespace config {

class Config final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "config",
        .version = "1.0.0",
        .description = "Documents that are checked, versioned, explained and watched",
        .settings_schema = settings_schema,
        .sockets = true,
    };

    void setup(noa::Setup& setup) override;
    noa::Status start() override;
    noa::Status quiesce(noa::Time deadline) override;
    void confirm() override;

private:
    using Body = noa::Result<noa::OwnedBody>;

    // What somebody wants changed, until it is answered.
    struct Write {
        std::vector<Edit> edits;
        Cause cause;
        bool dry_run = false;
        bool transaction = false;
        noa::Responder responder;
        std::vector<std::string> approved; // by consumers: what they were asked
        unsigned rounds = 0;
    };
    using WritePtr = std::unique_ptr<Write>;
    struct Question {
        std::string agent;
        std::string body;
        bool required;
    };
    struct Inquiry {
        std::size_t open = 0;
        std::string refusal;
        std::vector<std::string> asked;
        WritePtr write;
    };

    // What is committed at once, and who is told.
    struct Answer {
        noa::Responder responder;
        std::string text;
    };
    struct Batch {
        std::vector<Change> changes;
        std::vector<AuditEntry> audit;
        std::vector<Answer> answers;
        Stored<> outcome;
        Revision compacted = 0;
        [[nodiscard]] bool empty() const { return answers.empty() && audit.empty(); }
    };
    struct Memo {
        noa::Json value;
        std::string text; // the reply
        noa::Time at;
    };

    // agent.cpp
    void set_up_metrics(noa::Setup& setup);
    void deliver();
    [[nodiscard]] noa::Health health() const;
    Cause cause_of(const noa::Request& message, const Text& author, const Text& reason,
                   std::string kind) const;

    // writes.cpp
    void set_up_writes(noa::Setup& setup);
    void set_up_reserved(noa::Setup& setup, std::string_view layer, const std::string& prefix);
    void write_one(const WriteRequest& request, Edit::Kind kind, const noa::Request& message,
                   noa::Responder responder);
    void transact(const TransactRequest& request, const noa::Request& message,
                  noa::Responder responder);
    Body validate(const WriteRequest& request, const noa::Request& message);
    void begin(WritePtr write, const noa::Request& message);
    void go_on(WritePtr write);
    [[nodiscard]] std::vector<Question> questions(const Planner& planner, const Plan& plan) const;
    void ask(WritePtr write, const std::vector<Question>& questions);
    void answered(const std::shared_ptr<Inquiry>& inquiry, const Question& question,
                  const noa::Reply& reply);
    void stage(Write& write, Plan plan);
    void refuse(Write& write, const noa::Error& error);

    // commits.cpp
    void flush();
    void submit(std::unique_ptr<Batch> batch);
    void finish(Batch& batch);
    void give_up(Batch& batch);
    void tell(const Change& change);

    // reads.cpp
    void set_up_reads(noa::Setup& setup);
    Body get(const GetRequest& request);
    Body one_layer(const GetRequest& request);
    noa::Result<const Memo*> effective(const std::string& name, const std::string& environment);
    Body list(const ListRequest& request);
    Body explain(const ExplainRequest& request);
    Body render(const RenderRequest& request);
    Body stats();
    [[nodiscard]] std::string environment_of(const Text& given) const {
        return given.value_or(settings_.environment);
    }
    [[nodiscard]] Find committed() const {
        return [this](const Key& key) { return tables_.find(key); };
    }

    // watch.cpp
    void set_up_watch(noa::Setup& setup);
    void changes(const ChangesRequest& request, noa::Responder responder);
    void older_changes(Revision since, Filter filter, noa::Responder responder);
    void wait(Revision since, Filter filter, noa::Duration patience, noa::Responder responder);
    void wake_waiters();

    // records.cpp
    void set_up_records(noa::Setup& setup);
    void history(const HistoryRequest& request, noa::Responder responder);
    void version(const VersionRequest& request, noa::Responder responder);
    void diff(const DiffRequest& request, noa::Responder responder);
    void rollback(const RollbackRequest& request, const noa::Request& message,
                  noa::Responder responder);
    void audit(const AuditRequest& request, noa::Responder responder);
    // `work(store)` on the worker's thread; what it stored goes to `done` on the lane, an error to
    // the asker.
    template <class T, class W, class D>
    void look(W work, noa::Responder responder, D done) {
        auto result = std::make_unique<std::optional<Stored<T>>>();
        auto* place = result.get();
        worker_->run(
            [place, work = std::move(work)](Store& store) mutable { place->emplace(work(store)); },
            [result = std::move(result), responder = std::move(responder),
             done = std::move(done)]() mutable {
                if (**result) {
                    done(*std::move(**result), std::move(responder));
                } else {
                    responder.fail((*result)->error().failure());
                }
            });
    }

    // drift.cpp
    void start_drift(std::string_view directory, std::vector<Foreign> foreign);
    void stop_drift() noexcept;
    [[nodiscard]] std::string path_of(const std::string& file) const;
    void follow_policies();
    void look_at_everything();
    void directories_changed();
    void look_at_file(const std::string& name);
    void looked_at(const std::string& name, FileOutcome& outcome);
    void take_outcome(const std::string& name, Watched& watched, FileOutcome outcome);
    void heal_later(const std::string& name, Watched& watched);
    [[nodiscard]] noa::Json shown_file(const std::string& name, const Watched& watched) const;
    void tell_drift(const std::string& name, const Watched& watched);
    void publish_drift(const std::string& name, const noa::Json& event);
    [[nodiscard]] AuditEntry drift_entry(const char* action, const Key& key,
                                         const std::string& reason) const;
    void audit_drift(AuditEntry entry);
    void look_at_rows();
    void rows_looked_at(std::vector<Foreign> rows);
    void tell_row(const Foreign& row, Drift mode, const char* state);
    void put_row_back(const Foreign& row, Drift mode);
    void follow_changes(const std::vector<Change>& changes);
    [[nodiscard]] noa::Health drift_health() const;

    // drift_requests.cpp
    void set_up_drift(noa::Setup& setup);
    Body list_drift(const DriftRequest& request);
    void heal_drift(const HealRequest& request, noa::Responder responder);
    void accept_drift(const AcceptRequest& request, const noa::Request& message,
                      noa::Responder responder);
    [[nodiscard]] noa::Status check_file(const WriteRequest& policy) const;
    Body note_drift(const NoteRequest& request, const noa::Request& message);

    // transfer.cpp
    void set_up_transfer(noa::Setup& setup);
    void import(const ImportRequest& request, const noa::Request& message,
                noa::Responder responder);
    Body export_all(const ExportRequest& request);

    Settings settings_;
    PlanLimits plan_limits_;
    Tables tables_;
    std::optional<Recent> recent_;
    Waiters waiters_;
    std::map<std::pair<std::string, std::string>, Memo> memos_; // by name and environment
    std::unique_ptr<Batch> gathering_ = std::make_unique<Batch>();
    bool in_flight_ = false;
    Revision compacted_ = 0;
    std::string store_fault_; // of the last commit; empty: it went well
    noa::Sockets sockets_;
    DriftState drift_;
    std::string drift_directory_; // of files that are named without a path
    std::uint64_t heals_ = 0;
    Allowance refusals_;
    std::uint64_t refusals_untold_ = 0;
    noa::Counter changes_;
    noa::Counter refused_;
    noa::Counter commits_;
    noa::Counter events_refused_;
    noa::Counter hits_;
    noa::Counter misses_;
    noa::BackupHooks backup_;
    std::unique_ptr<noa::Worker<Store>>
        worker_; // goes first: its thread's results refer to the rest
};

} // namespace config
