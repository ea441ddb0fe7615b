// Runs measurements in rounds: every round takes each of them once, so that a figure and what it
// is compared with see the same machine at the same time.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/samples.hpp"
#include "harness/task.hpp"

namespace noa::bench {

struct Measurement {
    std::string task;
    Placement placement = Placement::free;
    std::vector<std::string> arguments = {};
    double share = 1;  // of the budget
    bool once = false; // in the first round only: it is long, or counts things that do not vary

    // "raw.inproc.rtt@one_core"
    [[nodiscard]] std::string key() const;
};

struct Outcome {
    std::map<std::string, std::vector<double>> values; // by metric, one of each run
    std::string skipped;                               // the reason
    std::string failed;                                // the first failure
};

struct Plan {
    std::vector<Measurement> measurements;
    unsigned runs = 5;
    std::chrono::milliseconds budget{500};
    Programs programs;
    std::filesystem::path scratch;
    std::function<void(const std::string& key, unsigned round)> on_start;
};

using Outcomes = std::map<std::string, Outcome>; // by Measurement::key

[[nodiscard]] Outcomes run(const Plan& plan);

// The other side: `bench --task NAME CONTEXT`. Writes the result to fd 3.
[[nodiscard]] int run_task(std::string_view name, std::string_view context_json);

} // namespace noa::bench
