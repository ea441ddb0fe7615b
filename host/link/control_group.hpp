// cgroup v2, as far as the host was given a part of it: one group for each runner.
//
// Files and their meaning: Documentation/admin-guide/cgroup-v2.rst of Linux; what "given" means:
// CGROUP_DELEGATION of systemd.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "link/confinement.hpp"

namespace noa::link {

// 0 is none.
struct GroupLimits {
    std::uint64_t memory = 0;               // bytes: memory.max
    std::uint64_t memory_request = 0;       // bytes that are taken from it last: memory.low
    double cpu = 0;                         // cores: cpu.max
    double cpu_request = 0;                 // cores: its share when all want more: cpu.weight
    std::optional<std::uint32_t> processes; // beside its own: pids.max
};

// The group of one runner.  [any thread] every function.
class ControlGroup {
public:
    // pids.max counts threads as well: so many may be the runner's own.
    static constexpr std::uint32_t own_tasks = 32;

    struct Usage {
        std::optional<std::uint64_t> memory; // bytes
        std::optional<std::int64_t> cpu_ns;
        std::optional<std::uint64_t> tasks;
        std::uint64_t out_of_memory = 0;     // processes that the kernel ended for it
        std::uint64_t refused_processes = 0; // tries
    };

    ControlGroup(const ControlGroup&) = delete;
    ControlGroup& operator=(const ControlGroup&) = delete;
    ~ControlGroup(); // kills what is left in it, and removes it

    [[nodiscard]] Result<void> add(pid_t pid) const;
    // Ends everything in it, whatever group or session it made itself.
    void kill() const noexcept;
    [[nodiscard]] Usage usage() const;
    [[nodiscard]] const Confined& told() const noexcept { return told_; }

private:
    friend class ControlGroups;
    explicit ControlGroup(std::filesystem::path path) : path_(std::move(path)) {}
    void limit(const GroupLimits& limits);
    void set(const char* file, const std::string& value, const std::string& what);

    const std::filesystem::path path_;
    Confined told_;
};

// Where the kernel says what is mounted, and which group this process is in.
struct GroupSources {
    std::filesystem::path mounts = "/proc/self/mountinfo";
    std::filesystem::path own = "/proc/self/cgroup";
};

// Where groups are made.  [any thread] every function but open.
class ControlGroups {
public:
    // "auto": the host's own group, if it was delegated; the host itself moves into `host` below
    // it, because a group whose members are limited may have no process of its own. "off": none.
    // Else the directory of a group that is empty and may be written. What failed is in why_not.
    // Groups that an earlier life left there are removed.
    [[nodiscard]] static ControlGroups open(const std::string& setting,
                                            const GroupSources& sources = GroupSources());

    // Why there are none; empty when there are.
    [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }
    // What it cannot limit is told by the group.
    [[nodiscard]] Result<std::unique_ptr<ControlGroup>> make(const std::string& name,
                                                             const GroupLimits& limits) const;

private:
    ControlGroups() = default;
    void take_over(const std::filesystem::path& directory, bool own);

    std::filesystem::path path_;
    std::string why_not_;
};

// Each limit that is wanted, as missing for this reason.
[[nodiscard]] Confined all_missing(const GroupLimits& limits, const std::string& why);

} // namespace noa::link
