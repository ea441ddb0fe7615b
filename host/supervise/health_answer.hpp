// What a generation says of its health.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace noa::supervise {

// Asked for, and given on the lane, perhaps never. Owners: who asked and the task on the lane.
struct HealthAnswer {
    std::mutex mutex;
    std::int64_t asked_ns = 0;
    std::optional<Result<std::string>> answer; // under mutex
};

// What is critical by its own word; empty when nothing is.
[[nodiscard]] std::string complaint_of(const Result<std::string>& health);

} // namespace noa::supervise
