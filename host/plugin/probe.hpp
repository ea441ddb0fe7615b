// Runs a staged plugin through its life in a confined child process.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "plugin/facts.hpp"

namespace noa::plugin {

// [any thread], several at a time. Starts `runner --probe` with posix_spawn.
class Probe {
public:
    // `cache_dir`: verdicts by digest survive the host; empty: none are kept.
    Probe(std::filesystem::path runner, std::filesystem::path cache_dir);

    // dlopen, entry, table checks, create, configure(validate) with `settings_json`, describe,
    // destroy, dlclose, and whether it unmapped. The child has no network, may not signal,
    // ptrace or write files, has limited memory, cpu and time, and dies with the host.
    // Refusals say the step it was in: "create: killed by SIGABRT".
    // Empty `settings_json`: configure is left out.
    // A verdict of the same digest, settings and ABI is answered from the cache.
    [[nodiscard]] Result<ProbeFacts> run(const StagedFile& file, const std::string& settings_json,
                                         std::chrono::milliseconds timeout) const;

private:
    std::filesystem::path runner_;
    std::filesystem::path cache_dir_;
};

// The child's side: prints the verdict as one JSON line on `verdict_fd`. Returns an exit code.
[[nodiscard]] int probe_main(const std::filesystem::path& file, const std::string& settings_json,
                             int verdict_fd);

} // namespace noa::plugin
