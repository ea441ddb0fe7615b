#include "work.hpp"

#include <algorithm>
#include <filesystem>

#include "../archive/archiver.hpp"
#include "agent_states.hpp"
#include "databases.hpp"
#include "session.hpp"

namespace backup {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_told = 20; // faults, in an answer

bool wanted(const std::vector<std::string>& names, const std::string& name) {
    return std::ranges::find(names, "*") != names.end() ||
           std::ranges::find(names, name) != names.end();
}

// Whose state is kept, and where databases may be.
struct Kept {
    std::vector<std::string> agents;
    std::vector<std::string> folders;
};

// States of agents, and databases, as they are at one moment.
noa::sdk::Status take_states(Job& job, const PlanSettings& plan, const Kept& kept,
                             ArchiveOptions& options, AgentStates& states) {
    options.omitted = clear_scratch(job.places);
    auto writers = writers_of(job, kept.agents);
    if (!writers) {
        job.progress.fault(job.places.agents(), "no agent was asked for its state; kept as files "
                                                "are: " +
                                                    writers.error().text);
        writers = std::vector<HookCall>();
    }
    DatabasePlaces places{kept.folders, {}, job.places.staging()};
    for (const HookCall& writer : *writers) {
        places.skipped.insert(job.places.agent(writer.agent));
    }
    for (const std::string& own :
         {job.places.staging(), job.places.drill(), job.places.restored()}) {
        places.skipped.insert(own);
        options.omitted.insert(own);
    }
    auto copies = copy_databases(
        places, [&] { states = write_states(job, plan, *writers); }, job.progress, job.stop);
    if (!copies) {
        return copies.error();
    }
    options.substitutes = std::move(copies->substitutes);
    options.substitutes.merge(states.substitutes);
    options.omitted.merge(copies->omitted);
    options.omitted.merge(states.omitted);
    return {};
}

// The state of agents, noa's own part of the configuration, and what else was asked for.
std::vector<std::string> folders_of(const Job& job, const PlanSettings& plan) {
    std::vector<std::string> folders;
    std::error_code failed;
    for (fs::directory_iterator at(job.places.agents(), failed), end; !failed && at != end;
         at.increment(failed)) {
        if (at->is_directory() && wanted(plan.agents, at->path().filename().string())) {
            folders.push_back(at->path().string());
        }
    }
    std::ranges::sort(folders);
    return folders;
}

noa::sdk::Result<ArchiveResult> archive_plan(Job& job, const std::string& name,
                                             const PlanSettings& plan, Repository& repository,
                                             AgentStates& states) {
    std::vector<std::string> folders = folders_of(job, plan);
    const bool covered = std::ranges::any_of(plan.paths, [&](const std::string& path) {
        return job.places.agents().starts_with(path) || path.starts_with(job.places.agents());
    });
    ArchiveOptions options;
    Kept kept{plan.agents, folders};
    if (covered) {
        kept.agents.emplace_back("*");
        kept.folders = {job.places.agents()};
    }
    if (noa::sdk::Status taken = take_states(job, plan, kept, options, states); !taken) {
        return taken.error();
    }
    for (const std::string& agent : states.written) { // some had no directory before
        if (wanted(plan.agents, agent)) {
            folders.push_back(job.places.agent(agent));
        }
    }
    std::ranges::sort(folders);
    folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
    for (const auto& [other, settings] : job.settings.repositories) {
        options.omitted.insert(settings.path);
    }
    std::error_code failed;
    const auto add_if_there = [&](const std::string& path) {
        if (fs::exists(path, failed)) {
            options.sources.push_back({path, ""});
        }
    };
    for (const std::string& folder : folders) {
        const std::string agent = fs::path(folder).filename().string();
        options.sources.push_back({folder, ""});
        add_if_there(job.places.ledger(agent));
        add_if_there(job.places.versions(agent));
    }
    if (!plan.agents.empty()) {
        add_if_there(job.places.host() + "/conf.d");
    }
    for (const std::string& path : plan.paths) {
        options.sources.push_back({path, ""});
    }
    options.excludes = plan.excludes;
    options.tags = {"noa", tag_of(name)};
    options.origin = Origin::of_this_process();
    options.time = Timestamp::now();
    if (options.sources.empty()) {
        return noa::sdk::not_found("plan " + name + ": there is nothing to keep yet");
    }
    return archive(repository, options, job.progress, job.stop);
}

noa::Json archive_info(const ArchiveResult& result) {
    return {{"id", result.snapshot.id.hex()},      {"files", result.files},
            {"unchanged", result.unchanged},       {"directories", result.directories},
            {"new_blobs", result.written.blobs},   {"new_bytes", result.written.plain_bytes},
            {"stored_bytes", result.written.bytes}};
}

// `what` of the answer: what came of a step after the archive.
void tell(noa::Json& answer, const char* what, JobResult&& outcome) {
    answer[what] = outcome ? *std::move(outcome) : noa::Json{{"error", outcome.error().text}};
}

void follow_up(Job& job, const std::string& name, const PlanSettings& plan, noa::Json& answer) {
    if (!plan.keep.rule().empty()) {
        tell(answer, "forget", run_forget(job, name, false, true));
    }
    if (plan.check_parts > 0) {
        RepositoryRecord& record = job.records.repositories[plan.repository];
        const std::uint32_t part = record.next_part % plan.check_parts;
        tell(answer, "check", run_check(job, plan.repository, part, plan.check_parts));
        record.next_part = part + 1;
    }
    const std::int64_t period_s = plan.drill_every.count() / 1'000'000'000;
    if (period_s > 0 && job.records.plans[name].drill_s + period_s <= job.now_s) {
        tell(answer, "drill", run_drill(job, name, "latest"));
    }
    if (!plan.copy_to.empty()) {
        tell(answer, "copy", run_copy(job, plan.repository, plan.copy_to));
    }
}

void retire_key(RepositoryRecord& record, Repository& repository) {
    const auto old = Id::parse(record.retire_key);
    if (old && *old != repository.key()) {
        static_cast<void>(repository.remove_key(*old)); // one that is gone already is gone
        record.retire_key.clear();
    }
}

} // namespace

std::string tag_of(const std::string& plan) {
    return "plan:" + plan;
}

noa::Json faults_json(const std::vector<Fault>& faults) {
    noa::Json all = noa::Json::array();
    for (const Fault& fault : faults) {
        if (all.size() < most_told) {
            all.push_back({{"what", fault.what}, {"why", fault.why}});
        }
    }
    return all;
}

noa::Json snapshot_info(const Snapshot& snapshot) {
    noa::Json info{{"id", snapshot.id.hex()},
                   {"time", snapshot.time.text()},
                   {"host", snapshot.hostname},
                   {"paths", snapshot.paths},
                   {"tags", snapshot.tags}};
    if (snapshot.parent) {
        info["parent"] = snapshot.parent->hex();
    }
    if (snapshot.original) {
        info["original"] = snapshot.original->hex();
    }
    return info;
}

JobResult run_plan(Job& job, const std::string& name) {
    const PlanSettings& plan = job.settings.plans.at(name);
    const RepositorySettings& repository = job.settings.repositories.at(plan.repository);
    PlanRecord& record = job.records.plans[name];
    record.tried_s = job.now_s;
    noa::Json answer;
    {
        auto session = Session::open(repository, Lock::Kind::shared, repository.create);
        if (session) {
            retire_key(job.records.repositories[plan.repository], (*session)->repository());
        }
        AgentStates states;
        auto result = session ? archive_plan(job, name, plan, (*session)->repository(), states)
                              : noa::sdk::Result<ArchiveResult>(session.error());
        std::error_code ignored;
        fs::remove_all(job.places.staging(), ignored);
        clear_scratch(job.places);
        if (!result) {
            record.error = result.error().text;
            return result.error();
        }
        answer = archive_info(*result);
        answer["written_by_agents"] = states.written;
        answer["partial"] = result->snapshot.has_tag(partial_tag);
        record.snapshot = result->snapshot.id.hex();
    }
    answer["plan"] = name;
    answer["faults"] = job.progress.faults.load();
    answer["first_faults"] = faults_json(job.progress.kept_faults());
    record.success_s = job.now_s;
    record.error.clear();
    follow_up(job, name, plan, answer);
    return answer;
}

JobResult run_rotate(Job& job, const std::string& name, const std::string& password_file) {
    const auto session = Session::open(job.settings.repositories.at(name), Lock::Kind::shared);
    if (!session) {
        return session.error();
    }
    Repository& repository = (*session)->repository();
    RepositoryRecord& record = job.records.repositories[name];
    retire_key(record, repository);
    if (!record.retire_key.empty()) {
        return noa::sdk::Error{NOA_E_STATE, "a key is being replaced already: put the new password "
                                            "where the settings look for it, and run a plan"};
    }
    const auto password = read_password(password_file);
    if (!password) {
        return password.error();
    }
    const auto key = repository.add_key(*password, Origin::of_this_process());
    if (!key) {
        return key.error();
    }
    record.retire_key = repository.key().hex();
    return noa::Json{{"key", key->hex()}, {"retires", record.retire_key}};
}

} // namespace backup
