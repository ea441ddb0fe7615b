#include "options.hpp"

#include <cstdlib>

#include <CLI/CLI.hpp>

namespace noa {

namespace {

// In a build tree the runner lies beside noad; installed, in libexec.
std::filesystem::path default_runner() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    auto beside = self.parent_path().parent_path() / "runner" / "noa-agent-runner";
    if (!error && std::filesystem::exists(beside, error)) {
        return beside;
    }
    return std::filesystem::path(NOA_LIBEXEC_DIR) / "noa-agent-runner";
}

} // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
    Options options;
    options.config_file = NOA_CONF_FILE;
    options.packaged_dir = NOA_PACKAGED_CONF_DIR;
    options.state_dir = NOA_STATE_DIR;
    options.runtime_dir = NOA_RUNTIME_DIR;
    options.runner = default_runner();
    CLI::App app{"noad: the host that loads, runs, routes between and replaces agents"};
    app.footer(
        "Signals: TERM and INT stop it in order, HUP reads configuration and plugins again.\n"
        "Exit codes: 0 stopped in order, 1 could not start or failed, 2 usage, 3 another "
        "host has the directories.\nSee noad(8), noa.toml(5), noactl(1).");
    auto* config = app.add_option("--config", options.config_file, "configuration file")
                       ->capture_default_str()
                       ->envname("NOA_CONFIG");
    app.add_option("--packaged-conf-dir", options.packaged_dir, "drop-ins of packages")
        ->capture_default_str();
    app.add_option("--state-dir", options.state_dir, "what outlives the host; mode 0700")
        ->capture_default_str()
        ->envname("NOA_STATE_DIR");
    app.add_option("--runtime-dir", options.runtime_dir, "sockets; mode 0750")
        ->capture_default_str()
        ->envname("NOA_RUNTIME_DIR");
    app.add_option("--plugin-dir", options.plugin_dirs,
                   "plugin directory, instead of host.plugin_dirs (repeatable)");
    app.add_option("--runner", options.runner, "path of noa-agent-runner")->capture_default_str();
    app.add_option("--log-format", options.log_format,
                   "text or json, before the configuration "
                   "is read and over it")
        ->check(CLI::IsMember({"text", "json"}));
    app.set_version_flag("--version", "noad " NOA_VERSION);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : 2;
    }
    options.config_given = config->count() > 0;
    return options;
}

} // namespace noa
