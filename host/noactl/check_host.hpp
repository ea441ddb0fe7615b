// Is this machine fit to run the host? (R0.2)
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "noactl/findings.hpp"

namespace noa::noactl {

struct HostNeeds {
    std::filesystem::path state_dir;
    std::filesystem::path runtime_dir;
    std::vector<std::filesystem::path> plugin_dirs;
    std::size_t agents = 0; // that the configuration names
};

// check_kernel.cpp
void check_kernel(Findings& findings);
void check_limits(std::size_t agents, Findings& findings);
void check_clock(Findings& findings);
void check_libraries(Findings& findings);

// check_places.cpp
void check_directories(const HostNeeds& needs, Findings& findings);
void check_disk(const HostNeeds& needs, Findings& findings);
void check_sockets(const HostNeeds& needs, Findings& findings);

// Pure parts.
// "6.1.0-18-amd64" is at least 5.13; false also when it cannot be read.
[[nodiscard]] bool release_at_least(std::string_view release, unsigned major, unsigned minor);
// File descriptors of a host with so many agents.
[[nodiscard]] std::uint64_t descriptors_needed(std::size_t agents) noexcept;

} // namespace noa::noactl
