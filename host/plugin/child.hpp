// One run of the probe's child process.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace noa::plugin {

struct ChildEnd {
    std::string output; // what it wrote to its verdict channel
    bool timed_out = false;
    bool too_much = false; // over the limit; `output` holds what came first
    bool lingered = false; // closed the channel and had to be killed
    int status = 0;        // of waitpid
};

// Starts `runner --probe file`, or with `item` also `--validate item`, hands it the settings
// through a sealed memory file and reads what it writes until the channel closes or its last line
// (a '{' first) has come. It is dead and reaped when this returns.
[[nodiscard]] Result<ChildEnd> run_child(const std::filesystem::path& runner,
                                         const std::filesystem::path& file,
                                         const std::string& settings_json,
                                         std::chrono::milliseconds timeout,
                                         const std::string& item = {});

} // namespace noa::plugin
