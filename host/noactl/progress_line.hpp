#pragma once

#include <chrono>
#include <cstddef>

#include <nlohmann/json.hpp>

#include "noactl/session.hpp"

namespace noa::noactl {

// How far a job of the agent backup is: only on a terminal, one line, written over again.
class ProgressLine {
public:
    explicit ProgressLine(const Globals& globals);
    ProgressLine(const ProgressLine&) = delete;
    ProgressLine& operator=(const ProgressLine&) = delete;
    ~ProgressLine();
    // `running`: of its `status`.
    void show(const nlohmann::json& running);

private:
    bool shown_;
    std::chrono::steady_clock::time_point begin_;
    std::size_t width_ = 0;
};

} // namespace noa::noactl
