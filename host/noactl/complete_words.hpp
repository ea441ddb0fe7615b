// `noactl complete`: what the shell offers.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "noactl/commands.hpp"

namespace noa::noactl {

// `words`: verbs [VERB], options [VERB…], agents, operations AGENT, documents, keys,
// alerts (rules), checks or metrics. Of `whole`,
// one word a line.
[[nodiscard]] int complete_words(const Globals& globals, const CLI::App& whole,
                                 const std::vector<std::string>& words);

} // namespace noa::noactl
