// What is known of a plugin file before, and after, its code has run in a probe.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace noa::plugin {

// Read from the bytes of the file alone.
struct ScanFacts {
    std::uint32_t abi_major = 0;
    std::uint32_t abi_minor = 0;
    std::uint32_t min_host_minor = 0;
    std::uint32_t flags = 0;
    std::string soname;               // may be empty
    std::vector<std::string> needed;  // DT_NEEDED
    std::vector<std::string> pinning; // why it could not be unloaded: UNIQUE symbols, NODELETE
};

// A private copy that nobody else writes.
struct StagedFile {
    std::filesystem::path source; // where it was found
    std::filesystem::path path;   // the copy, under a name never used before
    std::string digest;           // SHA-256 of the copy's bytes
    std::uint64_t size = 0;
};

// Told by the plugin's own table, in a confined child process.
struct ProbeFacts { // NOLINT(bugprone-exception-escape): the json type moves without throwing
    std::string id;
    std::string version;
    std::string description;
    std::string settings_schema; // may be empty
    std::uint32_t abi_minor = 0;
    std::uint32_t flags = 0;
    std::uint32_t state_schema = 0;
    std::uint32_t oldest_state_schema = 0;
    nlohmann::json description_json; // what noa.inspect/1 described; null when not offered
    std::vector<std::string> pinned; // why it stayed mapped after dlclose; empty when it went
    // Protections of the probe that this kernel does not have: "seccomp", "landlock".
    std::vector<std::string> unconfined;
};

} // namespace noa::plugin
