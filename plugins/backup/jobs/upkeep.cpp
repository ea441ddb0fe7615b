// Jobs beside the archive itself.
#include <algorithm>
#include <filesystem>
#include <iterator>

#include "../archive/check.hpp"
#include "../archive/copy.hpp"
#include "../archive/prune.hpp"
#include "../archive/restorer.hpp"
#include "agent_states.hpp"
#include "databases.hpp"
#include "session.hpp"
#include "work.hpp"

namespace backup {

namespace {

namespace fs = std::filesystem;

noa::Json report_json(const CheckReport& report) {
    noa::Json bad = noa::Json::array();
    for (const Id& pack : report.bad_packs) {
        bad.push_back(pack.hex());
    }
    return {{"ok", report.good()},
            {"snapshots", report.snapshots},
            {"packs", report.packs},
            {"read_packs", report.read_packs},
            {"read_bytes", report.read_bytes},
            {"unlisted_packs", report.unlisted_packs},
            {"faults", report.fault_count},
            {"first_faults", faults_json(report.faults)},
            {"bad_packs", std::move(bad)},
            {"lost", faults_json(report.lost)}};
}

noa::sdk::Result<Snapshot> newest_of(Repository& repository, const std::string& plan,
                                     const std::string& id) {
    if (id != "latest") {
        return repository.snapshot(id);
    }
    auto all = repository.snapshots();
    if (!all) {
        return all.error();
    }
    const auto found = std::ranges::find_if(
        all->rbegin(), all->rend(), [&](const Snapshot& one) { return one.has_tag(tag_of(plan)); });
    return found != all->rend() ? noa::sdk::Result<Snapshot>(*found)
                                : noa::sdk::not_found("plan " + plan + " has no snapshot yet");
}

noa::Json prune_json(const PruneReport& report) {
    return {{"kept_packs", report.kept_packs},         {"removed_packs", report.removed_packs},
            {"repacked_packs", report.repacked_packs}, {"unlisted_packs", report.unlisted_packs},
            {"freed_bytes", report.freed_bytes},       {"unused_bytes", report.unused_bytes}};
}

std::string fault_text(const Progress& progress) {
    const Fault fault = progress.kept_faults().front();
    return fault.what + ": " + fault.why;
}

JobResult prune_session(Job& job, Repository& repository, bool dry_run) {
    Progress progress;
    const auto report = prune(repository, {.dry_run = dry_run}, progress, job.stop);
    return report ? JobResult(prune_json(*report)) : report.error();
}

} // namespace

JobResult run_check(Job& job, const std::string& name, std::uint32_t part, std::uint32_t parts) {
    const auto session = Session::open(job.settings.repositories.at(name), Lock::Kind::shared);
    if (!session) {
        return session.error();
    }
    Progress found; // faults of a check are no faults of the job around it
    const auto report =
        check((*session)->repository(), {.part = part, .parts = parts}, found, job.stop);
    if (!report) {
        return report.error();
    }
    RepositoryRecord& record = job.records.repositories[name];
    if (!report->good()) {
        record.damage = std::to_string(report->fault_count) +
                        " faults, the first: " + report->faults[0].what + ": " +
                        report->faults[0].why;
    } else if (parts == 1) { // all was read: only this says that it is whole again
        record.damage.clear();
    }
    if (report->good() && parts > 0) {
        record.checked_s = job.now_s;
    }
    return report_json(*report);
}

JobResult run_drill(Job& job, const std::string& plan, const std::string& id) {
    const std::string& name = job.settings.plans.at(plan).repository;
    const auto session = Session::open(job.settings.repositories.at(name), Lock::Kind::shared);
    if (!session) {
        return session.error();
    }
    const auto snapshot = newest_of((*session)->repository(), plan, id);
    if (!snapshot) {
        return snapshot.error();
    }
    std::error_code ignored;
    fs::remove_all(job.places.drill(), ignored);
    Progress found;
    const auto restored =
        restore((*session)->repository(), *snapshot,
                {.target = job.places.drill(), .read_back = true}, found, job.stop);
    const auto databases = check_databases(job.places.drill(), job.stop);
    // What an agent says, or that it does not answer, is no damage of the repository.
    Progress told;
    const auto validated = restored
                               ? validate_states(job, job.places.drill() + job.places.agents(),
                                                 job.settings.plans.at(plan).agent_timeout, told)
                               : std::vector<std::string>();
    clear_scratch(job.places);
    fs::remove_all(job.places.drill(), ignored);
    if (!restored || job.stop.stop_requested()) {
        return restored ? interrupted() : restored.error();
    }
    for (const DatabaseVerdict& database : databases) {
        if (!database.fault.empty()) {
            found.fault(database.path.substr(job.places.drill().size()), database.fault);
        }
    }
    PlanRecord& record = job.records.plans[plan];
    record.drill_error.clear();
    if (found.faults != 0) {
        job.records.repositories[name].damage =
            "the drill of plan " + plan + " failed: " + fault_text(found);
    } else if (told.faults != 0) {
        record.drill_error = fault_text(told);
    } else {
        record.drill_s = job.now_s;
    }
    std::vector<Fault> faults = found.kept_faults();
    std::ranges::copy(told.kept_faults(), std::back_inserter(faults));
    return noa::Json{{"ok", faults.empty()},
                     {"snapshot", snapshot->id.hex()},
                     {"files", restored->files},
                     {"bytes", restored->bytes},
                     {"databases", databases.size()},
                     {"validated_by_agents", validated},
                     {"faults", found.faults + told.faults},
                     {"first_faults", faults_json(faults)}};
}

JobResult run_forget(Job& job, const std::string& plan, bool dry_run, bool prune) {
    const PlanSettings& settings = job.settings.plans.at(plan);
    const auto session = Session::open(job.settings.repositories.at(settings.repository),
                                       dry_run ? Lock::Kind::shared : Lock::Kind::exclusive);
    if (!session) {
        return session.error();
    }
    Repository& repository = (*session)->repository();
    auto all = repository.snapshots();
    if (!all) {
        return all.error();
    }
    std::erase_if(*all, [&](const Snapshot& one) { return !one.has_tag(tag_of(plan)); });
    noa::Json keep = noa::Json::array();
    noa::Json remove = noa::Json::array();
    for (const KeepVerdict& verdict : judge(settings.keep.rule(), *std::move(all))) {
        noa::Json info{{"id", verdict.snapshot.id.hex()}, {"time", verdict.snapshot.time.text()}};
        if (!verdict.reasons.empty()) {
            info["reasons"] = verdict.reasons;
            keep.push_back(std::move(info));
            continue;
        }
        if (!dry_run) {
            if (noa::sdk::Status gone =
                    repository.store().remove({FileKind::snapshot, verdict.snapshot.id});
                !gone) {
                return gone.error();
            }
        }
        remove.push_back(std::move(info));
    }
    noa::Json answer{{"keep", std::move(keep)}, {"remove", remove}};
    if (prune && !dry_run && !remove.empty()) {
        auto pruned = prune_session(job, repository, false);
        if (!pruned) {
            return pruned.error();
        }
        answer["prune"] = *std::move(pruned);
    }
    return answer;
}

JobResult run_prune(Job& job, const std::string& name, bool dry_run) {
    const auto session = Session::open(job.settings.repositories.at(name),
                                       dry_run ? Lock::Kind::shared : Lock::Kind::exclusive);
    return session ? prune_session(job, (*session)->repository(), dry_run)
                   : JobResult(session.error());
}

JobResult run_copy(Job& job, const std::string& from, const std::string& to) {
    const auto source = Session::open(job.settings.repositories.at(from), Lock::Kind::shared);
    if (!source) {
        return source.error();
    }
    const RepositorySettings& settings = job.settings.repositories.at(to);
    // Cut alike, so that a plan that goes to it directly shares its data.
    if (settings.create && !fs::exists(settings.path + "/config")) {
        auto store = LocalStore::create_new(settings.path);
        const auto made = store ? Repository::create(*std::move(store), settings.password,
                                                     Origin::of_this_process(),
                                                     (*source)->repository().config().polynomial)
                                : noa::sdk::Result<Repository::Ptr>(store.error());
        if (!made) {
            return made.error();
        }
    }
    const auto target = Session::open(settings, Lock::Kind::shared);
    if (!target) {
        return target.error();
    }
    const auto snapshots = (*source)->repository().snapshots();
    if (!snapshots) {
        return snapshots.error();
    }
    Progress progress;
    const auto copied =
        copy((*source)->repository(), (*target)->repository(), *snapshots, progress, job.stop);
    if (!copied) {
        return copied.error();
    }
    return noa::Json{{"snapshots", copied->snapshots.size()},
                     {"blobs", copied->blobs},
                     {"bytes", copied->bytes}};
}

} // namespace backup
