// `noactl alerts`: what the agent monitor tells of, and what it would.
#pragma once

#include <string>
#include <vector>

#include "noactl/commands.hpp"

namespace noa::noactl {

struct AlertArgs {
    std::string rule;
    std::string state;
    std::vector<std::string> labels; // "agent=cache"
    std::string lasts;
    std::string comment;
    std::string id;   // of a silence
    std::string file; // "-": standard input
    bool prometheus = false;
};

[[nodiscard]] int alerts_list(const Globals& globals, const AlertArgs& args);
[[nodiscard]] int alerts_rules(const Globals& globals, const AlertArgs& args);
[[nodiscard]] int alerts_channels(const Globals& globals, const AlertArgs& args);
[[nodiscard]] int alerts_silence(const Globals& globals, const AlertArgs& args);
[[nodiscard]] int alerts_unsilence(const Globals& globals, const AlertArgs& args);
[[nodiscard]] int alerts_test(const Globals& globals, const AlertArgs& args);

} // namespace noa::noactl
