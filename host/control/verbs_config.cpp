#include <system_error>
#include <utility>

#include "config/override.hpp"
#include "control/host_verbs.hpp"
#include "control/manifest.hpp"
#include "control/outcomes.hpp"

namespace noa::control {

namespace {

using nlohmann::json;
using supervise::Supervisor;

// Below what `enable` and `disable` write, so that these still count after an import.
constexpr auto manifest_override = "40-manifest.toml";

Result<json> explain(const Supervisor& supervisor, const json& args) {
    Args in("explain", args);
    const auto key = in.optional_text("key", 1024).value_or("");
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    auto keys = supervisor.explain(key);
    if (!keys) {
        return Failure(std::move(keys.error()));
    }
    return json{{"keys", std::move(*keys)}};
}

// Puts back what was there before a failed import.
void restore(const std::filesystem::path& directory, const json& before) {
    if (before.empty()) {
        std::error_code error;
        std::filesystem::remove(directory / manifest_override, error);
    } else {
        static_cast<void>(config::write_override(directory, manifest_override, before));
    }
}

Result<json> import_manifest(Supervisor& supervisor, const config::Sources& sources,
                             const json& args, Connection& client) {
    Args in("manifest_import", args);
    const auto text = in.text("manifest", max_manifest_bytes);
    if (auto good = in.finish(); !good) {
        return Failure(std::move(good.error()));
    }
    const auto manifest = parse_manifest(text);
    if (!manifest) {
        return Failure(manifest.error());
    }
    const auto& directory = sources.state_dir_conf;
    const auto before = config::read_override(directory, manifest_override);
    if (!before) {
        return Failure(before.error());
    }
    if (auto written =
            config::write_override(directory, manifest_override, manifest_to_override(*manifest));
        !written) {
        return Failure(std::move(written.error()));
    }
    // All of it, or nothing: what does not even load must not stay.
    if (const auto config = config::load(sources); !config) {
        restore(directory, *before);
        return Failure(config.error());
    }
    supervise::ApplyOptions options;
    options.explicit_request = true;
    options.progress = progress_to(client);
    auto outcomes = supervisor.apply(options);
    if (!outcomes) {
        restore(directory, *before);
        return Failure(std::move(outcomes.error()));
    }
    return to_json(*outcomes);
}

} // namespace

void add_config_verbs(Verbs& verbs, Supervisor& supervisor, config::Sources sources) {
    verbs.add("explain", Right::read,
              [&supervisor](const json& args, Connection&) { return explain(supervisor, args); });
    verbs.add("manifest_export", Right::read,
              [&supervisor](const json& args, Connection&) -> Result<json> {
                  if (auto good = Args("manifest_export", args).finish(); !good) {
                      return Failure(std::move(good.error()));
                  }
                  return supervisor.manifest();
              });
    verbs.add("manifest_import", Right::full,
              [&supervisor, sources = std::move(sources)](const json& args, Connection& client) {
                  return import_manifest(supervisor, sources, args, client);
              });
}

} // namespace noa::control
