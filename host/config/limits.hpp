// What an agent in a process of its own may take, and where it may reach.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace noa::config {

struct LimitsConfig {
    static constexpr std::uint32_t any_processes = 1'000'000;
    std::uint64_t memory = 0;                // bytes; 0: no limit, as below
    std::uint64_t memory_request = 0;        // bytes that it is to keep when memory is short
    double cpu = 0;                          // cores
    double cpu_request = 0;                  // cores: its share when all want more than there is
    std::uint32_t files = 0;                 // open descriptors
    std::uint32_t processes = any_processes; // beside its own
    std::uint64_t storage = 0;               // bytes of its state directory, and of any one file
    friend bool operator==(const LimitsConfig&, const LimitsConfig&) = default;
};

struct SandboxConfig {
    bool enabled = false;
    bool network = true;
    std::vector<std::string> read;  // paths, beside what every program needs
    std::vector<std::string> write; // beside its state directory
    friend bool operator==(const SandboxConfig&, const SandboxConfig&) = default;
};

} // namespace noa::config
