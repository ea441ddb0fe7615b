// What an operator says about a document beside its schema.
#pragma once

#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace config {

struct Policy {
    std::vector<std::string> consumers; // agents asked `validate` before each change
    bool consumers_required = false;    // true: one that does not run refuses by that
};

[[nodiscard]] Policy policy_of(const noa::Json& text);
// In words; empty: it is sound.
[[nodiscard]] std::string fault_of_policy(const noa::Json& text);

} // namespace config
