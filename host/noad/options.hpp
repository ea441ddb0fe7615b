// The command line of noad.
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace noa {

struct Options {
    std::filesystem::path config_file;
    bool config_given = false; // by hand: then it must exist
    std::filesystem::path packaged_dir;
    std::filesystem::path state_dir;
    std::filesystem::path runtime_dir;
    std::filesystem::path runner;
    std::vector<std::string> plugin_dirs; // instead of the configured ones
    std::string log_format;               // text, json; empty: the configuration's
};

// Options, or the exit code when there is nothing more to do (--help, a usage error).
[[nodiscard]] std::variant<Options, int> parse_options(int argc, char** argv);

} // namespace noa
