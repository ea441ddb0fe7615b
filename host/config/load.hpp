// Reads the layers of the configuration, each over the one before, per key:
//   packaged conf.d < main file < its conf.d < the state directory's conf.d < environment.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/config.hpp"

namespace noa::config {

struct Sources {
    std::filesystem::path packaged_dir;   // *.toml in name order; may be absent
    std::filesystem::path main_file;      // may be absent unless `main_required`
    std::filesystem::path drop_in_dir;    // default: "conf.d" beside main_file
    std::filesystem::path state_dir_conf; // <state dir>/conf.d, written by noa itself
    bool main_required = false;
    // The process's environment: NOA_… and the seeds' names override keys, `env:` secrets and
    // CREDENTIALS_DIRECTORY are looked up here. Without variables the program itself consumed.
    std::map<std::string, std::string> environment;
};

// All errors of all files at once, one per line of `reason`, each with file:line:column.
// Nothing is taken from a configuration with any error. Reads secrets by reference.
[[nodiscard]] Result<Config> load(const Sources& sources);

// The same for one text in memory, named `source` in errors; no directory is read or watched.
[[nodiscard]] Result<Config> load_text(std::string_view text, const std::string& source,
                                       const std::map<std::string, std::string>& environment);

// Adds an agent with defaults, `autoloaded`, for each of `names` that `config` does not hold.
// The environment's overrides count for these too. On an error `config` is as it was.
[[nodiscard]] Result<void> add_autoloaded(Config& config, const std::vector<std::string>& names,
                                          const std::map<std::string, std::string>& environment);

// Checks `settings` of `agent` against a plugin's JSON Schema (draft-07 text). Errors carry the
// origin of the value that is wrong, its JSON pointer, what was expected and what was found;
// never a secret. An empty `schema_text` allows everything. Refused: remote or recursive $ref,
// schemas over 256 KiB or nested deeper than 64.
[[nodiscard]] Result<void> check_settings(const Config& config, const AgentConfig& agent,
                                          const std::string& schema_text);

} // namespace noa::config
