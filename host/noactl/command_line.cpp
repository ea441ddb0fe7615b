#include "noactl/command_line.hpp"

#include <cstdlib>
#include <functional>

#include <CLI/CLI.hpp>

#include "config/quantity.hpp"
#include "noactl/backup_command_line.hpp"
#include "noactl/commands.hpp"
#include "noactl/complete_words.hpp"
#include "noactl/document_command_line.hpp"
#include "noactl/draft_command_line.hpp"
#include "noactl/draft_text_command_line.hpp"
#include "noactl/message_command_line.hpp"
#include "noactl/migrations_commands.hpp"
#include "noactl/monitor_command_line.hpp"
#include "noactl/plugin_command_line.hpp"
#include "noactl/trace_commands.hpp"

namespace noa::noactl {

namespace {

constexpr const char* exit_codes = R"(
Exit codes:
  0  done                          3  no host answers
  1  the operation failed          4  refused or denied
  2  wrong usage                   5  timed out
  130  ended by Ctrl-C

Manual: noactl(1))";

// Asked before there is any thread.
std::string environment(const char* name, const char* fallback) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe)
    return value != nullptr && *value != '\0' ? value : fallback;
}

// In a build tree the runner lies beside noactl; installed, in libexec.
std::filesystem::path default_runner() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside = self.parent_path().parent_path() / "runner" / "noa-agent-runner";
    return !error && std::filesystem::exists(beside, error)
               ? beside
               : std::filesystem::path(NOA_LIBEXEC_DIR) / "noa-agent-runner";
}

class CommandLine {
public:
    CommandLine();
    [[nodiscard]] int run(int argc, char** argv);

private:
    CLI::App* add(CLI::App& parent, const std::string& name, const std::string& text,
                  std::function<int()> run);
    CLI::App* add(const std::string& name, const std::string& text, std::function<int()> run) {
        return add(app_, name, text, std::move(run));
    }
    void add_globals();
    void add_agent_commands();
    void add_reload_history();
    void add_bus_commands();
    void add_body_options(CLI::App& command);
    void add_inspect_commands();
    void add_health_command();
    void add_event_commands();
    void add_config_commands();
    void add_manifest_commands();
    void add_log_commands();
    void add_check_command();
    void add_complete_command();

    CLI::App app_{"Looks at and steers a running noa host.", "noactl"};
    std::function<int()> chosen_;

    Globals globals_;
    std::string agent_;
    std::vector<std::string> agents_;
    bool all_ = false;
    bool force_ = false;
    bool once_ = false;
    RollbackArgs rollback_;
    HealthArgs health_;
    HealArgs heal_;
    CallOptions call_;
    std::string subject_;
    std::uint64_t count_ = 0;
    LogOptions log_;
    std::string file_;
    CheckOptions check_;
    DocumentArgs document_;
    MigrationsArgs migrations_;
    MessageArgs message_;
    DraftTextArgs draft_text_;
    DraftArgs draft_;
    BackupArgs backup_;
    MonitorArgs monitor_;
    AlertArgs alerts_;
    TraceArgs traces_;
    PluginArgs plugin_;
    std::vector<std::string> words_;
};

CommandLine::CommandLine() {
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.footer(exit_codes);
    app_.set_version_flag("--version", "noactl " NOA_VERSION);
    add_globals();
    add_agent_commands();
    add_bus_commands();
    add_inspect_commands();
    add_event_commands();
    add_config_commands();
    add_manifest_commands();
    add_log_commands();
    add_check_command();
    plugin_.validate.runner = check_.runner;
    add_plugin_commands(app_, globals_, plugin_, chosen_);
    add_complete_command();
}

CLI::App* CommandLine::add(CLI::App& parent, const std::string& name, const std::string& text,
                           std::function<int()> run) {
    auto* command = parent.add_subcommand(name, text);
    command->callback([this, run = std::move(run)] { chosen_ = run; });
    return command;
}

void CommandLine::add_globals() {
    globals_.runtime_dir = environment("NOA_RUNTIME_DIR", NOA_RUNTIME_DIR);
    globals_.no_color = !environment("NO_COLOR", "").empty();
    app_.add_flag("--json", globals_.json, "Print JSON for programs");
    app_.add_option("--runtime-dir", globals_.runtime_dir,
                    "Where the host's control.sock is; also NOA_RUNTIME_DIR")
        ->capture_default_str();
    app_.add_flag("--no-color", globals_.no_color, "No colors; also NO_COLOR");
}

void CommandLine::add_agent_commands() {
    add("status", "The host at a glance", [this] { return show_status(globals_); });
    add("agents", "A table of all agents", [this] { return show_agents(globals_); });
    add("agent", "Everything known of one agent", [this] { return show_agent(globals_, agent_); })
        ->add_option("AGENT", agent_)
        ->required();
    add("services", "What is watched and was not loaded",
        [this] { return show_services(globals_); });
    add("plugins", "The plugin files and what became of them",
        [this] { return show_plugins(globals_); });
    const std::array<std::pair<const char*, const char*>, 4> steps{{
        {"start", "Start agents that are stopped"},
        {"stop", "Stop agents until they are started, or the host restarts"},
        {"enable", "Let agents run, now and after a restart"},
        {"disable", "Keep agents from running, now and after a restart"},
    }};
    for (const auto& [verb, text] : steps) {
        add(verb, text,
            [this, name = std::string(verb)] {
                return change_agents(globals_, name, agents_, false);
            })
            ->add_option("AGENT", agents_)
            ->required();
    }
    auto* restart = add("restart", "New generations, without handing state over",
                        [this] { return change_agents(globals_, "restart", agents_, all_); });
    auto* names = restart->add_option("AGENT", agents_);
    restart->add_flag("--all", all_, "All that run")->excludes(names);
    auto* reload_command = add("reload", "Make what runs agree with files and configuration",
                               [this] { return reload(globals_, agents_, force_); });
    reload_command->add_option("AGENT", agents_, "Only these");
    reload_command->add_flag("--force", force_, "Also what has not changed or was rejected");
    add_reload_history();
}

void CommandLine::add_reload_history() {
    auto* reloads = add("reloads", "The last reloads: phases, pause, outcome, reason",
                        [this] { return show_reloads(globals_, agent_, log_.lines); });
    reloads->add_option("AGENT", agent_, "Only of this agent");
    reloads->add_option("-n,--lines", log_.lines, "How many")
        ->check(CLI::Range(1, 512))
        ->capture_default_str();
    auto* back = add("rollback", "Back to a version that was confirmed before",
                     [this] { return rollback(globals_, rollback_); });
    back->add_option("AGENT,--agent", rollback_.agent, "May be left out with --to-backup: all");
    auto* to =
        back->add_option("--to", rollback_.to, "A version, or the first digits of its digest");
    auto* to_backup =
        back->add_option("--to-backup", rollback_.to_backup,
                         "State and version of this snapshot: the start of its id, or latest")
            ->excludes(to);
    back->add_option("--repository", rollback_.repository, "Of the snapshot; default: the only one")
        ->needs(to_backup);
    back->add_flag("--discard-state", rollback_.discard_state,
                   "Do not hand the state of what runs over");
    back->add_flag("--force", rollback_.force, "Although the plugin says that it cannot go back");
}

void CommandLine::add_body_options(CLI::App& command) {
    command.add_option("JSON", call_.body, "The body; - reads standard input");
    command.add_flag("--raw", call_.raw, "The body is not JSON: send and print it as it is");
}

void CommandLine::add_bus_commands() {
    const auto add_target = [this](CLI::App& command) {
        command.add_option("AGENT", call_.agent)->required();
        command.add_option("OPERATION", call_.operation)->required();
        add_body_options(command);
    };
    auto* call_command =
        add("call", "Ask an agent and print its reply", [this] { return call(globals_, call_); });
    add_target(*call_command);
    call_command->add_option("--timeout", call_.timeout_s, "Seconds to wait for the reply")
        ->check(CLI::Range(0.001, 600.0))
        ->capture_default_str();
    call_command->add_flag("--trace", call_.trace, "Trace it, and say as which trace");
    add_target(*add("send", "Give an agent a message, and wait for nothing",
                    [this] { return send(globals_, call_); }));
    auto* publish_command = add("publish", "Publish an event", [this] {
        return publish(globals_, subject_, call_.body, call_.raw);
    });
    publish_command->add_option("SUBJECT", subject_)->required();
    add_body_options(*publish_command);
    auto* subscribe_command = add("subscribe", "Print events as they are published",
                                  [this] { return subscribe(globals_, subject_, count_); });
    subscribe_command->add_option("SUBJECT", subject_, "May hold * (one token) and > (the rest)")
        ->required();
    subscribe_command->add_option("--count", count_, "End after so many events");
}

void CommandLine::add_inspect_commands() {
    add("describe", "Operations and events of one agent, or of all", [this] {
        return describe(globals_, agent_);
    })->add_option("AGENT", agent_);
    add_health_command();
    add("top", "A live table; q leaves", [this] {
        return top(globals_, once_);
    })->add_flag("--once", once_, "Print it once");
    add("version", "Of this program", [this] {
        print(globals_, {{"version", NOA_VERSION}},
              [](const nlohmann::json&) { return "noactl " NOA_VERSION "\n"; });
        return exit_ok;
    });
}

void CommandLine::add_health_command() {
    auto* health = add("health", "How the agents are; 1 unless all are healthy",
                       [this] { return show_health(globals_, health_); });
    health->add_option("AGENT", health_.agents);
    health->add_flag("--report", health_.report, "Every check, with advice");
    health->add_option("--csv", health_.csv, "Write the analysis to a file; - prints it");
    health->add_option_function<std::string>(
        "--watch",
        [this](const std::string& text) {
            const auto every = config::parse_duration(text);
            if (!every || *every < std::chrono::milliseconds(1) ||
                *every > std::chrono::hours(24)) {
                throw CLI::ValidationError("--watch", "expected a duration such as 60s");
            }
            health_.every_ms = static_cast<int>(*every / std::chrono::milliseconds(1));
        },
        "Again and again, at this interval");
}

void CommandLine::add_event_commands() {
    auto* events = add("events", "What the host did and noticed, the newest last",
                       [this] { return show_events(globals_, log_); });
    events->add_flag("-f,--follow", log_.follow, "Go on as they come");
    events->add_option("-n,--lines", log_.lines, "How many")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
    events->add_option("--agent", log_.agent, "Only about this agent");
    auto* heal_command = add("heal", "Do what is done about a reason, now",
                             [this] { return heal(globals_, heal_); });
    heal_command->add_option("TARGET", heal_.target, "An agent, or service:NAME")->required();
    heal_command
        ->add_option("--for", heal_.reason, "service-down, high-error-rate, …; see noactl(1)")
        ->required();
    heal_command->add_flag("--dry-run", heal_.dry_run, "Only say what would be done");
    add("approve", "What the host would do if you agreed; with AGENT, do it", [this] {
        return approve(globals_, agent_);
    })->add_option("AGENT", agent_);
    add("doctor", "Everything that is wrong, and what to do about it",
        [this] { return doctor(globals_); });
}

void CommandLine::add_config_commands() {
    check_.files.packaged_dir = NOA_PACKAGED_CONF_DIR;
    check_.files.main_file = environment("NOA_CONFIG", NOA_CONF_FILE);
    check_.files.main_required = check_.files.main_file != NOA_CONF_FILE;
    check_.files.state_dir = environment("NOA_STATE_DIR", NOA_STATE_DIR);
    add("plan", "What a reload would do", [this] { return show_plan(globals_); });
    add_document_commands(app_, globals_, check_.files, document_, chosen_);
    add_migrations_commands(app_, globals_, migrations_, chosen_);
    add_message_commands(app_, globals_, message_, chosen_);
    add_draft_commands(app_, globals_, draft_, chosen_);
    add_draft_text_commands(app_, globals_, draft_text_, chosen_);
    add_backup_commands(app_, globals_, backup_, chosen_);
    add_monitor_commands(app_, globals_, monitor_, alerts_, chosen_);
    add_trace_commands(app_, globals_, traces_, chosen_);
}

void CommandLine::add_manifest_commands() {
    auto* manifest = app_.add_subcommand("manifest", "The agents of a host as one JSON file");
    manifest->require_subcommand(1);
    add(*manifest, "export", "Write it", [this] {
        return export_manifest(globals_, file_);
    })->add_option("FILE", file_, "Default: standard output");
    add(*manifest, "validate", "Check one, without a host",
        [this] { return validate_manifest(globals_, file_); })
        ->add_option("FILE", file_, "- reads standard input")
        ->required();
    add(*manifest, "import", "Make the host agree with one",
        [this] { return import_manifest(globals_, file_); })
        ->add_option("FILE", file_, "- reads standard input")
        ->required();
}

void CommandLine::add_log_commands() {
    const auto levels = CLI::IsMember({"debug", "info", "warning", "error"});
    auto* log =
        add("log", "The host's newest log lines", [this] { return show_log(globals_, log_); });
    log->add_flag("-f,--follow", log_.follow, "Go on as they come");
    log->add_option("-n,--lines", log_.lines, "How many")
        ->check(CLI::Range(0, 100'000))
        ->capture_default_str();
    log->add_option("--level", log_.level, "At least of this level")->check(levels);
    log->add_option("--agent", log_.agent, "Only of this agent");
    auto* level = add("log-level", "Change what is logged, until the host restarts",
                      [this] { return set_log_level(globals_, log_.level, log_.agent); });
    level->add_option("LEVEL", log_.level, "debug, info, warning, error; default, with an agent")
        ->required()
        ->check(CLI::IsMember({"debug", "info", "warning", "error", "default"}));
    level->add_option("AGENT", log_.agent, "Only of this agent");
}

void CommandLine::add_check_command() {
    check_.runner = default_runner();
    auto* command = add("check", "Check configuration and plugins, without a host",
                        [this] { return check(globals_, check_); });
    command
        ->add_option_function<std::string>(
            "--config",
            [this](const std::string& file) {
                check_.files.main_file = file;
                check_.files.main_required = true;
            },
            "The main file; also NOA_CONFIG")
        ->default_str(check_.files.main_file.string());
    command->add_option("--packaged-conf-dir", check_.files.packaged_dir, "Drop-ins of packages")
        ->capture_default_str();
    command->add_option("--plugin-dir", check_.plugin_dirs,
                        "Plugin directory, instead of host.plugin_dirs (repeatable)");
    command->add_flag("--host", check_.host, "Check this machine instead of the plugins");
    command->add_option("--state-dir", check_.files.state_dir, "Also NOA_STATE_DIR")
        ->capture_default_str();
    command->add_option("--runner", check_.runner, "The program that probes")
        ->capture_default_str();
}

void CommandLine::add_complete_command() {
    auto* command = add("complete", "Words for the shell",
                        [this] { return complete_words(globals_, app_, words_); });
    command->group(""); // not in --help
    command->add_option("WORDS", words_);
}

int CommandLine::run(int argc, char** argv) {
    try {
        app_.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const auto unknown = app_.remaining();
        if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError) &&
            !unknown.empty()) {
            say("no such command: " + unknown.front() + "; see noactl --help");
            return exit_usage;
        }
        return app_.exit(error) == 0 ? exit_ok : exit_usage;
    }
    if (words_.empty() && !chosen_) {
        return exit_usage;
    }
    return chosen_();
}

} // namespace

int run_command_line(int argc, char** argv) {
    return CommandLine().run(argc, argv);
}

} // namespace noa::noactl
