#include "noactl/monitor_command_line.hpp"

namespace noa::noactl {

namespace {

class MonitorCommands {
public:
    MonitorCommands(const Globals& globals, MonitorArgs& args, std::function<int()>& chosen)
        : globals_(globals), args_(args), chosen_(chosen) {}

    void add_checks(CLI::App& app) {
        auto& checks = group(app, "checks", "Endpoints that are looked at");
        add(checks, "list", "What came of each check last", checks_list);
        add(checks, "run", "A check, or all of them, now; 1 unless healthy", checks_run)
            .add_option("NAME", args_.name, "Default: all");
    }

    void add_metrics(CLI::App& app) {
        auto& metrics = group(app, "metrics", "Figures of the machine, the host and its agents");
        auto& query = add(metrics, "query", "A figure over time", metrics_query);
        query.add_option("NAME", args_.name, "Of the figure")->required();
        query.add_option("--label", args_.labels, "NAME=VALUE that a series has (repeatable)");
        query.add_option("--range", args_.range, "Back from now; default 1h");
        query.add_option("--step", args_.step, "One point for each: 1min");
        add(metrics, "export", "The last of every figure, in Prometheus's text format",
            metrics_export)
            .add_option("--prefix", args_.prefix, "Of the names that are wanted");
    }

private:
    using Run = int (*)(const Globals&, const MonitorArgs&);

    static CLI::App& group(CLI::App& app, const char* name, const char* text) {
        auto* made = app.add_subcommand(name, text);
        made->require_subcommand(1);
        return *made;
    }
    CLI::App& add(CLI::App& parent, const char* verb, const char* text, Run run) {
        auto* command = parent.add_subcommand(verb, text);
        command->callback([run, &chosen = chosen_, &globals = globals_, &args = args_] {
            chosen = [run, &globals, &args] { return run(globals, args); };
        });
        return *command;
    }

    const Globals& globals_;
    MonitorArgs& args_;
    std::function<int()>& chosen_;
};

} // namespace

void add_monitor_commands(CLI::App& app, const Globals& globals, MonitorArgs& args,
                          std::function<int()>& chosen) {
    MonitorCommands commands(globals, args, chosen);
    commands.add_checks(app);
    commands.add_metrics(app);
}

} // namespace noa::noactl
