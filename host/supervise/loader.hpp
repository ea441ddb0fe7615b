// From a file in a plugin directory to a generation that waits beside the running one.
#pragma once

#include <chrono>
#include <filesystem>
#include <mutex>
#include <optional>

#include "config/config.hpp"
#include "plugin/probe.hpp"
#include "plugin/stage.hpp"
#include "supervise/catalog.hpp"
#include "supervise/generation.hpp"

namespace noa::supervise {

// A staged, scanned and probed file.
struct Prepared {
    plugin::StagedFile file;
    plugin::ProbeFacts facts;
    std::optional<Error> settings_refusal; // the plugin's own word on its settings
};

class Loader {
public:
    [[nodiscard]] static Result<Loader> open(const std::filesystem::path& state_dir,
                                             const std::filesystem::path& runner);

    // Stage, scan, probe. `progress` is told each step's name.  [any thread]
    [[nodiscard]] Result<Prepared> prepare(const CatalogEntry& entry,
                                           const config::AgentConfig& config,
                                           std::chrono::milliseconds probe_timeout,
                                           const std::function<void(const char*)>& progress);

    // Another copy of a staged file, under a name of its own: a path is an identity to the loader
    // of libraries.  [any thread]
    [[nodiscard]] Result<plugin::StagedFile> stage_again(const plugin::StagedFile& file,
                                                         const std::string& agent);

private:
    Loader(plugin::StageDir stage, plugin::Probe probe);
    std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();
    plugin::StageDir stage_; // under *mutex_
    plugin::Probe probe_;
};

} // namespace noa::supervise
