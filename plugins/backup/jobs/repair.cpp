#include "../archive/repair.hpp"

#include "session.hpp"
#include "work.hpp"

namespace backup {

namespace {

noa::sdk::Result<RepairReport> repair_with(Job& job, const std::string& name,
                                           const std::string& spare) {
    const auto session = Session::open(job.settings.repositories.at(name), Lock::Kind::exclusive);
    if (!session) {
        return session.error();
    }
    if (spare.empty()) {
        return repair((*session)->repository(), nullptr, job.progress, job.stop);
    }
    const auto other = Session::open(job.settings.repositories.at(spare), Lock::Kind::shared);
    if (!other) {
        return other.error();
    }
    if (noa::sdk::Status loaded = (*other)->repository().load_index(); !loaded) {
        return loaded.error();
    }
    return repair((*session)->repository(), &(*other)->repository(), job.progress, job.stop);
}

} // namespace

JobResult run_repair(Job& job, const std::string& name, const std::string& spare) {
    const auto report = repair_with(job, name, spare);
    if (!report) {
        return report.error();
    }
    noa::Json answer{{"bad_packs", report->bad_packs},
                     {"saved_blobs", report->saved_blobs},
                     {"fetched_blobs", report->fetched_blobs},
                     {"missing_blobs", report->missing_blobs},
                     {"damaged_files", faults_json(report->lost)}};
    noa::Json runs = noa::Json::object();
    for (const auto& [plan, settings] : job.settings.plans) {
        if (report->missing_blobs > 0 && settings.repository == name) {
            auto done = run_plan(job, plan);
            runs[plan] = done ? *std::move(done) : noa::Json{{"error", done.error().text}};
        }
    }
    if (!runs.empty()) {
        answer["runs"] = std::move(runs);
    }
    auto checked = run_check(job, name, 0, 1);
    if (!checked) {
        return checked.error();
    }
    answer["ok"] = (*checked)["ok"];
    answer["check"] = *std::move(checked);
    return answer;
}

} // namespace backup
