#include "noactl/monitor_command_line.hpp"

namespace noa::noactl {

namespace {

class MonitorCommands {
public:
    MonitorCommands(const Globals& globals, MonitorArgs& args, AlertArgs& alerts,
                    std::function<int()>& chosen)
        : globals_(globals), args_(args), alerts_(alerts), chosen_(chosen) {}

    void add_alerts(CLI::App& app) {
        auto& alerts = group(app, "alerts", "What fires, what is silenced, and the rules");
        auto& list = add(alerts, "list", "What fires or is about to", alerts_, alerts_list);
        list.add_option("RULE", alerts_.rule, "Default: all");
        list.add_option("--state", alerts_.state, "Only of this one")
            ->check(CLI::IsMember({"pending", "firing", "resolved"}));
        add(alerts, "rules", "The rules that are looked at", alerts_, alerts_rules)
            .add_flag("--prometheus", alerts_.prometheus, "As a file of rules for Prometheus");
        add(alerts, "channels", "Whom alerts are told, and what waits for them", alerts_,
            alerts_channels);
        auto& silence =
            add(alerts, "silence", "Has alerts not told for a while", alerts_, alerts_silence);
        silence.add_option("RULE", alerts_.rule, "Default: of any");
        silence.add_option("--label", alerts_.labels, "NAME=VALUE that an alert has (repeatable)");
        silence.add_option("--for", alerts_.lasts, "How long; default 1h");
        silence.add_option("--comment", alerts_.comment, "Why");
        add(alerts, "unsilence", "Ends a silence", alerts_, alerts_unsilence)
            .add_option("ID", alerts_.id, "Of the silence")
            ->required();
        auto& test = add(alerts, "test", "What would be told of figures in a file, and when",
                         alerts_, alerts_test);
        test.add_option("FILE", alerts_.file, "JSON; -: standard input")->required();
        test.add_option("RULE", alerts_.rule, "Default: all");
    }

    void add_checks(CLI::App& app) {
        auto& checks = group(app, "checks", "Endpoints that are looked at");
        add(checks, "list", "What came of each check last", args_, checks_list);
        add(checks, "run", "A check, or all of them, now; 1 unless healthy", args_, checks_run)
            .add_option("NAME", args_.name, "Default: all");
    }

    void add_verify(CLI::App& app) {
        add(app, "verify", "Whether all is as it should be, after a deployment; 1 if it is not",
            args_, verify_host);
    }

    void add_metrics(CLI::App& app) {
        auto& metrics = group(app, "metrics", "Figures of the machine, the host and its agents");
        auto& query = add(metrics, "query", "A figure over time", args_, metrics_query);
        query.add_option("NAME", args_.name, "Of the figure")->required();
        query.add_option("--label", args_.labels, "NAME=VALUE that a series has (repeatable)");
        query.add_option("--range", args_.range, "Back from now; default 1h");
        query.add_option("--step", args_.step, "One point for each: 1min");
        add(metrics, "export", "The last of every figure, in Prometheus's text format", args_,
            metrics_export)
            .add_option("--prefix", args_.prefix, "Of the names that are wanted");
    }

private:
    static CLI::App& group(CLI::App& app, const char* name, const char* text) {
        auto* made = app.add_subcommand(name, text);
        made->require_subcommand(1);
        return *made;
    }
    template <class Args>
    CLI::App& add(CLI::App& parent, const char* verb, const char* text, Args& args,
                  int (*run)(const Globals&, const Args&)) {
        auto* command = parent.add_subcommand(verb, text);
        command->callback([run, &chosen = chosen_, &globals = globals_, &args] {
            chosen = [run, &globals, &args] { return run(globals, args); };
        });
        return *command;
    }

    const Globals& globals_;
    MonitorArgs& args_;
    AlertArgs& alerts_;
    std::function<int()>& chosen_;
};

} // namespace

void add_monitor_commands(CLI::App& app, const Globals& globals, MonitorArgs& args,
                          AlertArgs& alerts, std::function<int()>& chosen) {
    MonitorCommands commands(globals, args, alerts, chosen);
    commands.add_alerts(app);
    commands.add_checks(app);
    commands.add_verify(app);
    commands.add_metrics(app);
}

} // namespace noa::noactl
