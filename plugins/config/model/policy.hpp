// What an operator says about a document beside its schema.
#pragma once

#include <string>
#include <vector>

#include "noa/sdk/json.hpp"

namespace config {

// What is done when a document is not as it was recorded.
enum class Drift {
    off,  // nobody looks
    warn, // it is told
    heal, // and put back
};

struct Policy {
    std::vector<std::string> consumers; // agents asked `validate` before each change
    bool consumers_required = false;    // true: one that does not run refuses by that
    std::string file;                   // that has the document, for programs that read one
    Drift drift = Drift::warn;
    std::vector<std::string> ignored; // JSON pointers of what may differ
};

[[nodiscard]] Policy policy_of(const noa::Json& text);
// In words; empty: it is sound.
[[nodiscard]] std::string fault_of_policy(const noa::Json& text);
[[nodiscard]] std::string_view name_of(Drift drift) noexcept;

} // namespace config
