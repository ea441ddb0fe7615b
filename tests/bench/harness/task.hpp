// A measurement: one function, run in a fresh process for every run, so that placement, heap and
// sockets of one never touch another.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace noa::bench {

// one_core, two_cores: every thread and child process of the run is bound to the first core
// (reproducible to about 5 %), or the first two. free: the scheduler decides.
enum class Placement : std::uint8_t { one_core, two_cores, free };

[[nodiscard]] std::string_view name_of(Placement placement) noexcept;

// Where the programs under test are; empty: not given.
struct Programs {
    std::filesystem::path self;
    std::filesystem::path noad;
    std::filesystem::path noactl;
    std::filesystem::path plugins; // heartbeat.so, cache.so
    std::filesystem::path agent;   // the bench's own plugin
};

struct Context {
    Placement placement = Placement::free;
    std::chrono::milliseconds budget{500}; // measured time; a fifth more warms up
    std::filesystem::path scratch;         // an empty directory of this run's own
    Programs programs;
    std::vector<std::string> arguments;

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static Result<Context> from_json(std::string_view text);
};

using Values = std::map<std::string, double>;

struct Task {
    std::string_view name;
    // Errc::unavailable: something it needs is not installed, the rows are skipped.
    Result<Values> (*measure)(const Context& context);
};

// Every task of every file, in one place.
[[nodiscard]] std::span<const Task> raw_tasks() noexcept;
[[nodiscard]] std::span<const Task> peer_tasks() noexcept;
[[nodiscard]] std::span<const Task> noa_tasks() noexcept;
[[nodiscard]] std::span<const Task> reload_tasks() noexcept;

// For a task that another task started: tells it that it may begin (see Child::read_line).
void announce_ready();

} // namespace noa::bench
