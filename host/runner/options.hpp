// The runner's command line.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "base/result.hpp"

namespace noa::runner {

struct Options {
    bool help = false;
    bool version = false;
    std::string serve; // an agent's name
    std::filesystem::path probe;
    std::string validate; // an item of the battery, instead of the probe
    int settings_fd = -1;
    int verdict_fd = -1;
};

[[nodiscard]] Result<Options> parse(std::span<char* const> arguments);

} // namespace noa::runner
