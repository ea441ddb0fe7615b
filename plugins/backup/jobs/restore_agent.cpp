// The state of one agent, to where the host takes it from.
#include <filesystem>

#include "../archive/restorer.hpp"
#include "databases.hpp"
#include "session.hpp"
#include "work.hpp"

namespace backup {

namespace {

namespace fs = std::filesystem;

bool is_name(const std::string& agent) {
    return !agent.empty() && agent != "." && agent != ".." && agent.find('/') == std::string::npos;
}

// What there may not be: of an agent whose versions the host had not confirmed yet.
void restore_if_there(Repository& repository, const Snapshot& snapshot,
                      const RestoreOptions& options, Job& job) {
    Progress ignored;
    static_cast<void>(restore(repository, snapshot, options, ignored, job.stop));
}

noa::sdk::Status first_fault(const Progress& progress, const std::string& agent) {
    if (progress.faults == 0) {
        return {};
    }
    const Fault fault = progress.kept_faults().front();
    return noa::sdk::failed("the state of " + agent + " does not restore: " + fault.what + ": " +
                            fault.why);
}

} // namespace

JobResult run_restore_agent(Job& job, const std::string& repository, const std::string& id,
                            const std::string& agent) {
    if (!is_name(agent)) {
        return noa::sdk::invalid("/agent: is no name");
    }
    const auto session =
        Session::open(job.settings.repositories.at(repository), Lock::Kind::shared);
    if (!session) {
        return session.error();
    }
    Repository& from = (*session)->repository();
    const auto snapshot = from.snapshot(id);
    if (!snapshot) {
        return snapshot.error();
    }
    const std::string place = job.places.restored() + "/" + agent;
    const std::string state = place + "/state";
    std::error_code failed;
    fs::remove_all(place, failed);
    fs::create_directories(place, failed);
    if (failed) {
        return noa::sdk::failed("cannot make " + place + ": " + failed.message());
    }
    const auto restored = restore(from, *snapshot,
                                  {.path = job.places.agents() + "/" + agent,
                                   .target = state,
                                   .strip = true,
                                   .read_back = true},
                                  job.progress, job.stop);
    std::vector<DatabaseVerdict> databases;
    if (restored) {
        databases = check_databases(state, job.stop);
        for (const DatabaseVerdict& database : databases) {
            if (!database.fault.empty()) {
                job.progress.fault(database.path, database.fault);
            }
        }
    }
    const noa::sdk::Status whole = restored ? first_fault(job.progress, agent) : restored.error();
    if (!whole || job.stop.stop_requested()) {
        fs::remove_all(place, failed);
        return whole ? interrupted() : whole.error();
    }
    restore_if_there(from, *snapshot,
                     {.path = job.places.ledger(agent), .target = place, .strip = true}, job);
    restore_if_there(from, *snapshot,
                     {.path = job.places.versions(agent),
                      .target = place + "/versions",
                      .strip = true,
                      .read_back = true},
                     job);
    return noa::Json{{"snapshot", snapshot->id.hex()},
                     {"time", snapshot->time.text()},
                     {"place", place},
                     {"files", restored->files},
                     {"bytes", restored->bytes},
                     {"databases", databases.size()}};
}

} // namespace backup
