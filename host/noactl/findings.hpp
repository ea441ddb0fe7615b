// What a check found: a line each.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "noactl/session.hpp"

namespace noa::noactl {

enum class Verdict : std::uint8_t { ok, warn, fail };

struct Finding {
    Verdict verdict = Verdict::ok;
    std::string what;   // "landlock", "/var/lib/noa"
    std::string text;   // "ABI 3"
    std::string advice; // empty when nothing is to be done
};

using Findings = std::vector<Finding>;

// Prints them; exit_failed when any failed, else exit_ok.
[[nodiscard]] int report(const Globals& globals, const Findings& findings);

} // namespace noa::noactl
