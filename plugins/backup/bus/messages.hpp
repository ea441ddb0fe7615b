// The bodies of the agent's operations.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "noa/sdk/json.hpp"

namespace backup {

using Text = std::optional<std::string>;

inline constexpr const char* repository_help = "absent: the only one";
inline constexpr const char* plan_help = "absent: the only one";
inline constexpr const char* wait_help = "false: answered with the number of the job, at once";
inline constexpr const char* snapshot_help = "the start of its id, or \"latest\"";

struct RepositoryRequest {
    Text repository;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("repository", &RepositoryRequest::repository, repository_help));
    }
};
struct PlanRequest {
    Text plan;
    bool wait = true;
    static constexpr auto fields() {
        return noa::fields(noa::field("plan", &PlanRequest::plan, plan_help),
                           noa::optional_field("wait", &PlanRequest::wait, wait_help));
    }
};
struct ListRequest {
    Text repository;
    Text plan;
    std::uint32_t limit = 100;
    static constexpr auto fields() {
        return noa::fields(noa::field("repository", &ListRequest::repository, repository_help),
                           noa::field("plan", &ListRequest::plan, "only of this one"),
                           noa::optional_field("limit", &ListRequest::limit, "the newest"));
    }
};
struct SnapshotRequest {
    Text repository;
    std::string snapshot = "latest";
    static constexpr auto fields() {
        return noa::fields(
            noa::field("repository", &SnapshotRequest::repository, repository_help),
            noa::optional_field("snapshot", &SnapshotRequest::snapshot, snapshot_help));
    }
};
struct LsRequest {
    Text repository;
    std::string snapshot = "latest";
    std::string path = "/";
    bool recursive = false;
    std::uint32_t limit = 1000;
    static constexpr auto fields() {
        return noa::fields(noa::field("repository", &LsRequest::repository, repository_help),
                           noa::optional_field("snapshot", &LsRequest::snapshot, snapshot_help),
                           noa::optional_field("path", &LsRequest::path),
                           noa::optional_field("recursive", &LsRequest::recursive),
                           noa::optional_field("limit", &LsRequest::limit));
    }
};
struct DiffRequest {
    Text repository;
    std::string from;
    std::string to = "latest";
    std::uint32_t limit = 1000;
    static constexpr auto fields() {
        return noa::fields(noa::field("repository", &DiffRequest::repository, repository_help),
                           noa::field("from", &DiffRequest::from, snapshot_help),
                           noa::optional_field("to", &DiffRequest::to, snapshot_help),
                           noa::optional_field("limit", &DiffRequest::limit));
    }
};
struct RepairRequest {
    Text repository;
    Text from;
    bool wait = true;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("repository", &RepairRequest::repository, repository_help),
            noa::field("from", &RepairRequest::from, "a repository that may have what is damaged"),
            noa::optional_field("wait", &RepairRequest::wait, wait_help));
    }
};
struct RestoreAgentRequest {
    Text repository;
    std::string snapshot = "latest";
    std::string agent;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("repository", &RestoreAgentRequest::repository, repository_help),
            noa::optional_field("snapshot", &RestoreAgentRequest::snapshot, snapshot_help),
            noa::field("agent", &RestoreAgentRequest::agent));
    }
};
struct RestoreRequest {
    Text repository;
    std::string snapshot = "latest";
    std::string path = "/";
    std::string target;
    bool strip = false;
    bool read_back = true;
    bool wait = true;
    static constexpr auto fields() {
        return noa::fields(
            noa::field("repository", &RestoreRequest::repository, repository_help),
            noa::optional_field("snapshot", &RestoreRequest::snapshot, snapshot_help),
            noa::optional_field("path", &RestoreRequest::path, "what of it"),
            noa::field("target", &RestoreRequest::target, "a directory, absolute"),
            noa::optional_field("strip", &RestoreRequest::strip,
                                "true: without the folders above path"),
            noa::optional_field("read_back", &RestoreRequest::read_back,
                                "compare what is on the disk"),
            noa::optional_field("wait", &RestoreRequest::wait, wait_help));
    }
};
struct CheckRequest {
    Text repository;
    std::uint32_t part = 0;
    std::uint32_t parts = 1;
    bool wait = true;
    static constexpr auto fields() {
        return noa::fields(noa::field("repository", &CheckRequest::repository, repository_help),
                           noa::optional_field("part", &CheckRequest::part, "which, from 0"),
                           noa::optional_field("parts", &CheckRequest::parts,
                                               "of so many the data is read; 1: all, 0: none"),
                           noa::optional_field("wait", &CheckRequest::wait, wait_help));
    }
};
struct DrillRequest {
    Text plan;
    std::string snapshot = "latest";
    bool wait = true;
    static constexpr auto fields() {
        return noa::fields(noa::field("plan", &DrillRequest::plan, plan_help),
                           noa::optional_field("snapshot", &DrillRequest::snapshot, snapshot_help),
                           noa::optional_field("wait", &DrillRequest::wait, wait_help));
    }
};
struct ForgetRequest {
    Text plan;
    bool dry_run = false;
    bool prune = false;
    bool wait = true;
    static constexpr auto fields() {
        return noa::fields(noa::field("plan", &ForgetRequest::plan, plan_help),
                           noa::optional_field("dry_run", &ForgetRequest::dry_run),
                           noa::optional_field("prune", &ForgetRequest::prune),
                           noa::optional_field("wait", &ForgetRequest::wait, wait_help));
    }
};
struct PruneRequest {
    Text repository;
    bool dry_run = false;
    bool wait = true;
    static constexpr auto fields() {
        return noa::fields(noa::field("repository", &PruneRequest::repository, repository_help),
                           noa::optional_field("dry_run", &PruneRequest::dry_run),
                           noa::optional_field("wait", &PruneRequest::wait, wait_help));
    }
};
struct CopyRequest {
    std::string from;
    std::string to;
    bool wait = true;
    static constexpr auto fields() {
        return noa::fields(noa::field("from", &CopyRequest::from, "a repository"),
                           noa::field("to", &CopyRequest::to, "another"),
                           noa::optional_field("wait", &CopyRequest::wait, wait_help));
    }
};
struct KeyAddRequest {
    Text repository;
    std::string password_file;
    static constexpr auto fields() {
        return noa::fields(noa::field("repository", &KeyAddRequest::repository, repository_help),
                           noa::field("password_file", &KeyAddRequest::password_file,
                                      "with the new password; only its owner may read it"));
    }
};
struct KeyRemoveRequest {
    Text repository;
    std::string key;
    static constexpr auto fields() {
        return noa::fields(noa::field("repository", &KeyRemoveRequest::repository, repository_help),
                           noa::field("key", &KeyRemoveRequest::key, "its whole id"));
    }
};

} // namespace backup
