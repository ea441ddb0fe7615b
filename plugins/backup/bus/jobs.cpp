// Jobs that take long: at work off the lane, one at a time.
#include <sys/resource.h>

#include <filesystem>
#include <utility>

#include "../archive/restorer.hpp"
#include "../archive/tree_walk.hpp"
#include "../jobs/session.hpp"
#include "agent.hpp"

namespace backup {

namespace {

constexpr int job_nice = 5;

// For who looks on.
void add_sizes(Repository& repository, const Id& tree, const std::string& path, Job& job) {
    auto reader = BlobReader::make(repository);
    if (!reader || !repository.load_index()) {
        return;
    }
    const auto top = find_node_at(*reader, tree, path);
    if (!top || !top->subtree) {
        return;
    }
    static_cast<void>(
        walk_tree(*reader, *top->subtree, path, [&](const std::string&, const Node& node) {
            job.progress.all_bytes += node.kind == NodeKind::file ? node.size : 0;
            return job.stop.stop_requested() ? Step::end : Step::into;
        }));
}

JobResult run_restore(Job& job, const RestoreRequest& request, const std::string& repository) {
    const auto session =
        Session::open(job.settings.repositories.at(repository), Lock::Kind::shared);
    if (!session) {
        return session.error();
    }
    const auto snapshot = (*session)->repository().snapshot(request.snapshot);
    if (!snapshot) {
        return snapshot.error();
    }
    add_sizes((*session)->repository(), snapshot->tree, request.path, job);
    const auto restored = restore((*session)->repository(), *snapshot,
                                  {.path = request.path,
                                   .target = request.target,
                                   .strip = request.strip,
                                   .read_back = request.read_back},
                                  job.progress, job.stop);
    if (!restored) {
        return restored.error();
    }
    return noa::Json{{"snapshot", snapshot->id.hex()},
                     {"files", restored->files},
                     {"bytes", restored->bytes},
                     {"directories", restored->directories},
                     {"faults", job.progress.faults.load()},
                     {"first_faults", faults_json(job.progress.kept_faults())}};
}

} // namespace

template <class Request, class Name, class Run>
void Backup::add_job(noa::Setup& setup, const char* operation, const char* summary, Name name_of,
                     Run run) {
    setup.operation(operation, summary,
                    [this, operation, name_of, run](Request request, noa::Responder responder) {
                        const noa::Result<std::string> name = name_of(request);
                        bool wait = true;
                        if constexpr (requires { request.wait; }) {
                            wait = request.wait;
                        }
                        begin(
                            operation, name,
                            [name, run, request = std::move(request)](Job& job) {
                                return run(job, *name, request);
                            },
                            std::move(responder), wait);
                    });
}

void Backup::set_up_jobs(noa::Setup& setup) {
    const auto repository = [this](const auto& request) {
        return repository_of(request.repository);
    };
    add_job<RepositoryRequest>(
        setup, "init", "Makes a repository", repository,
        [](Job& job, const std::string& name, const RepositoryRequest&) -> JobResult {
            const auto made = make_repository(job.settings.repositories.at(name));
            return made ? JobResult(
                              noa::Json{{"repository", name}, {"id", (*made)->config().id.hex()}})
                        : made.error();
        });
    add_job<PlanRequest>(
        setup, "run", "Runs a plan now",
        [this](const PlanRequest& request) { return plan_of(request.plan); },
        [](Job& job, const std::string& name, const PlanRequest&) { return run_plan(job, name); });
    add_job<RestoreRequest>(
        setup, "restore", "Restores a snapshot, or a part of it, to a directory",
        [this](const RestoreRequest& request) -> noa::Result<std::string> {
            auto name = repository_of(request.repository);
            return name && !request.target.starts_with('/')
                       ? noa::invalid("/target: must be absolute")
                       : name;
        },
        [](Job& job, const std::string& name, const RestoreRequest& request) {
            return run_restore(job, request, name);
        });
    add_job<RestoreAgentRequest>(
        setup, "restore_agent",
        "Restores the state of an agent beside, for the host to put in its place", repository,
        [](Job& job, const std::string& name, const RestoreAgentRequest& request) {
            return run_restore_agent(job, name, request.snapshot, request.agent);
        });
    add_job<KeyAddRequest>(setup, "keys.rotate",
                           "A key for a new password, in the place of the one in use", repository,
                           [](Job& job, const std::string& name, const KeyAddRequest& request) {
                               return run_rotate(job, name, request.password_file);
                           });
    set_up_upkeep(setup);
    set_up_status(setup);
}

void Backup::set_up_upkeep(noa::Setup& setup) {
    const auto repository = [this](const auto& request) {
        return repository_of(request.repository);
    };
    const auto plan = [this](const auto& request) { return plan_of(request.plan); };
    add_job<CheckRequest>(setup, "check", "Reads a repository, all of it or a part", repository,
                          [](Job& job, const std::string& name, const CheckRequest& request) {
                              return run_check(job, name, request.part, request.parts);
                          });
    add_job<DrillRequest>(setup, "drill", "Restores a snapshot beside, and looks at all of it",
                          plan, [](Job& job, const std::string& name, const DrillRequest& request) {
                              return run_drill(job, name, request.snapshot);
                          });
    add_job<ForgetRequest>(setup, "forget", "Takes away the snapshots that a plan does not keep",
                           plan,
                           [](Job& job, const std::string& name, const ForgetRequest& request) {
                               return run_forget(job, name, request.dry_run, request.prune);
                           });
    add_job<PruneRequest>(setup, "prune", "Takes away the data that no snapshot needs", repository,
                          [](Job& job, const std::string& name, const PruneRequest& request) {
                              return run_prune(job, name, request.dry_run);
                          });
    add_job<RepairRequest>(
        setup, "repair", "Takes out what is damaged, and saves what can be saved",
        [this](const RepairRequest& request) {
            const auto from = request.from ? repository_of(request.from) : std::string();
            return from ? repository_of(request.repository) : from;
        },
        [](Job& job, const std::string& name, const RepairRequest& request) {
            return run_repair(job, name, request.from.value_or(""));
        });
    add_job<CopyRequest>(
        setup, "copy", "Copies the snapshots of a repository to another",
        [this](const CopyRequest& request) {
            const auto from = repository_of(request.from);
            return from ? repository_of(request.to) : from;
        },
        [](Job& job, const std::string& name, const CopyRequest& request) {
            return run_copy(job, request.from, name);
        });
}

void Backup::set_up_status(noa::Setup& setup) {
    setup.operation("status", "What is at work, and what happened last",
                    [this] { return noa::json_body(status()); });
    setup.operation("ready", "Whether there is a recent backup that was verified",
                    [this] { return noa::json_body(ready()); });
    setup.operation("cancel", "Ends what is at work", [this] {
        if (running_) {
            running_->stop.request_stop();
        }
        return noa::json_body(noa::Json{{"cancelled", running_ != nullptr}});
    });
}

void Backup::begin(std::string kind, const noa::Result<std::string>& what, Work work,
                   std::optional<noa::Responder> responder, bool wait) {
    if (!what || running_) {
        if (responder) {
            responder->fail(what ? noa::busy(running_->kind + " of " + running_->what +
                                             " is at work; see status")
                                 : what.error());
        }
        return;
    }
    running_.reset(new Running);
    running_->kind = std::move(kind);
    running_->what = *what;
    running_->number = ++jobs_;
    running_->since_s = Timestamp::now().seconds;
    if (responder && !wait) {
        responder->reply(noa::json_body(noa::Json{{"job", running_->number}}));
        responder.reset();
    }
    auto job = [hooks = std::make_unique<Asking>(*this), running = running_, settings = settings_,
                places = places_, records = records_, work = std::move(work)](
                   const std::stop_token& token) mutable -> noa::Result<Outcome> {
        // The host's messages come first. Threads that a job starts inherit it.
        ::setpriority(PRIO_PROCESS, 0, job_nice);
        const std::stop_callback forward(token, [&] { running->stop.request_stop(); });
        Job context{*settings,        places, running->progress, running->stop.get_token(), records,
                    running->since_s, *hooks};
        JobResult answer = work(context);
        if (token.stop_requested() && !answer) {
            return answer.error(); // it is done again by the next generation
        }
        if (const noa::Status saved = records.save(places.records()); !saved && answer) {
            return saved.error();
        }
        return Outcome{std::move(records), std::move(answer)};
    };
    task(std::move(job), [this, running = running_,
                          responder = std::move(responder)](noa::Result<Outcome> outcome) mutable {
        finish(*running, std::move(outcome), std::move(responder));
    });
}

void Backup::finish(const Running& running, noa::Result<Outcome> outcome,
                    std::optional<noa::Responder> responder) {
    running_.reset();
    JobResult answer = outcome ? std::move(outcome->answer) : JobResult(outcome.error());
    if (outcome) {
        records_ = std::move(outcome->records);
    }
    last_ = {{"job", running.number}, {"kind", running.kind}, {"what", running.what}};
    last_[answer ? "answer" : "error"] = answer ? *answer : noa::Json(answer.error().text);
    tell(running, answer);
    if (responder && answer) {
        responder->reply(noa::json_body(*answer));
    } else if (responder) {
        responder->fail(answer.error());
    }
}

void Backup::tell(const Running& running, const JobResult& answer) {
    if (!answer) {
        failures_.add();
        log(noa::Level::error, "backup.failed",
            running.kind + " of " + running.what + ": " + answer.error().text);
        static_cast<void>(publish(
            "backup.failed." + running.what,
            noa::json_body(noa::Json{{"job", running.kind}, {"why", answer.error().text}})));
    } else if (running.kind == "run") {
        runs_.add();
        stored_bytes_.add(answer->value("stored_bytes", std::uint64_t{0}));
        static_cast<void>(publish("backup.done." + running.what, noa::json_body(*answer)));
    }
    for (const auto& [name, record] : records_.repositories) {
        if (!record.damage.empty()) {
            static_cast<void>(publish("backup.damaged." + name,
                                      noa::json_body(noa::Json{{"what", record.damage}})));
        }
    }
}

noa::Json Backup::status() const {
    noa::Json all{{"running", nullptr}, {"last", last_}, {"plans", noa::Json::object()}};
    if (running_) {
        const Progress& progress = running_->progress;
        all["running"] = {{"job", running_->number},
                          {"kind", running_->kind},
                          {"what", running_->what},
                          {"since", Timestamp{running_->since_s, 0}.text()},
                          {"files", progress.files.load()},
                          {"bytes", progress.bytes.load()},
                          {"all_bytes", progress.all_bytes.load()},
                          {"faults", progress.faults.load()}};
    }
    for (const auto& [name, plan] : settings_->plans) {
        const auto found = records_.plans.find(name);
        all["plans"][name] = noa::sdk::JsonValue<PlanRecord>::write(
            found != records_.plans.end() ? found->second : PlanRecord{});
    }
    all["repositories"] =
        noa::sdk::JsonValue<decltype(records_.repositories)>::write(records_.repositories);
    return all;
}

noa::Json Backup::ready() const {
    const std::int64_t now_s = Timestamp::now().seconds;
    noa::Json reasons = noa::Json::array();
    if (settings_->plans.empty()) {
        reasons.push_back("no plan is configured");
    }
    const auto older = [now_s](std::int64_t at_s, noa::Duration age) {
        return now_s - at_s > age.count() / 1'000'000'000;
    };
    for (const auto& [name, plan] : settings_->plans) {
        const auto record = records_.plans.find(name);
        const PlanRecord its = record != records_.plans.end() ? record->second : PlanRecord{};
        const auto repository = records_.repositories.find(plan.repository);
        const bool known = repository != records_.repositories.end();
        if (older(its.success_s, settings_->ready.backup_age)) {
            reasons.push_back("plan " + name + ": no backup that is recent");
        }
        if (older(std::max(its.drill_s, known ? repository->second.checked_s : 0),
                  settings_->ready.verified_age)) {
            reasons.push_back("plan " + name + ": none that was verified recently");
        }
        if (!its.drill_error.empty()) {
            reasons.push_back("the drill of plan " + name + ": " + its.drill_error);
        }
        if (known && !repository->second.damage.empty()) {
            reasons.push_back("repository " + plan.repository + ": " + repository->second.damage);
        }
    }
    return {{"ready", reasons.empty()}, {"reasons", std::move(reasons)}};
}

} // namespace backup
