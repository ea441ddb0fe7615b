// Takes from a runner what its agent is not to have.
#pragma once

#include <filesystem>

#include "base/unique_fd.hpp"
#include "link/confinement.hpp"

namespace noa::runner {

struct AgentConfined {
    link::Confined told;
    UniqueFd calls; // for the host to answer; none when it has nothing to say to any
};

// For the whole process and for good; before a second thread exists and before the plugin is
// loaded. `plugin` is what is about to be.
[[nodiscard]] AgentConfined confine_agent(const link::Confinement& wanted,
                                          const std::filesystem::path& plugin);

} // namespace noa::runner
