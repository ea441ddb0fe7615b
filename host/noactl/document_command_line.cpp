#include "noactl/document_command_line.hpp"

#include <utility>

namespace noa::noactl {

namespace {

class DocumentCommands {
public:
    DocumentCommands(CLI::App& config, const Globals& globals, const ConfigFiles& files,
                     DocumentArgs& args, std::function<int()>& chosen)
        : config_(config), globals_(globals), files_(files), args_(args), chosen_(chosen) {}

    void add_values() {
        auto* get = add("get", "A document, or a value in it",
                        [](auto& g, auto& f, auto& a) { return config_get(g, f, a); });
        key(*get);
        layer(*get, "One layer, as it is written");
        environment(*get);
        auto* set = add("set", "Sets a value of a document, or of the host's configuration",
                        [](auto& g, auto&, auto& a) { return config_set(g, a); });
        key(*set);
        set->add_option("VALUE", args_.value, "JSON, or a text that is none")->required();
        why(*set);
        auto* unset = add("unset", "Takes a value away, or a document",
                          [](auto& g, auto&, auto& a) { return config_unset(g, a); });
        key(*unset);
        why(*unset);
        for (auto* command : {set, unset}) {
            layer(*command, "Where; default: base");
            dry_run(*command);
        }
        layer(*add("list", "The documents",
                   [](auto& g, auto&, auto& a) { return config_list(g, a); }),
              "Only of this layer");
        add("environments", "The layers that there are, and the environment in use",
            [](auto& g, auto&, auto&) { return config_environments(g); });
        auto* explain = add("explain", "Every value, and where it comes from",
                            [](auto& g, auto& f, auto& a) { return config_explain(g, f, a); });
        explain->add_option("KEY", args_.key, "Of the host, and what is below; or a document");
        environment(*explain);
    }

    void add_records() {
        auto* history = add("history", "The versions of a document, the newest first",
                            [](auto& g, auto&, auto& a) { return config_history(g, a); });
        auto* diff = add("diff", "What changed from one version to another",
                         [](auto& g, auto&, auto& a) { return config_diff(g, a); });
        diff->add_option("--from", args_.from, "Version; default: the one before");
        diff->add_option("--to", args_.to, "Version; default: the current one");
        auto* rollback = add("rollback", "Makes a former version the newest",
                             [](auto& g, auto&, auto& a) { return config_rollback(g, a); });
        rollback->add_option("--to", args_.to, "Version; default: the one before");
        why(*rollback);
        for (auto* command : {history, diff, rollback}) {
            name(*command)->required();
            layer(*command, "Default: base");
        }
        count(*history);
        auto* watch = add("watch", "Changes as they come",
                          [](auto& g, auto&, auto& a) { return config_watch(g, a); });
        watch->add_option("NAME", args_.names, "Only of these documents");
        watch->add_option("--since", args_.since, "A revision; default: what comes next");
        watch->add_option_function<std::int64_t>(
            "--count", [&args = args_](std::int64_t many) { args.count = many; },
            "End after so many changes");
        watch->preparse_callback([&args = args_](std::size_t) { args.count = 0; });
        auto* drift = add("drift", "What is not as it was recorded; 1 when something is not",
                          [](auto& g, auto&, auto& a) { return config_drift(g, a); });
        name(*drift);
        auto* heal = drift->add_flag("--heal", args_.heal, "Put back what was recorded");
        drift->add_flag("--accept", args_.accept, "Make what was found the newest version")
            ->excludes(heal);
        layer(*drift, "That takes what is accepted; default: host");
        why(*drift);
        auto* audit = add("audit", "Who changed what",
                          [](auto& g, auto&, auto& a) { return config_audit(g, a); });
        name(*audit);
        count(*audit);
        audit->add_flag("--verify", args_.verify, "Go through the chain; 1 when it is broken");
    }

    void add_files() {
        auto* validate = add("validate", "Whether a document would be accepted",
                             [](auto& g, auto&, auto& a) { return config_validate(g, a); });
        name(*validate)->required();
        file(*validate, "JSON, or TOML by its name; - reads standard input")->required();
        layer(*validate, "Default: base");
        auto* edit = add("edit", "A document in $VISUAL or $EDITOR; checked when it is saved",
                         [](auto& g, auto&, auto& a) { return config_edit(g, a); });
        name(*edit)->required();
        layer(*edit, "Default: base");
        why(*edit);
        auto* import = add("import", "Documents of a file, by layer and name: all, or none",
                           [](auto& g, auto&, auto& a) { return config_import(g, a); });
        file(*import, "JSON, or TOML by its name; - reads standard input")->required();
        import->add_flag("--replace", args_.replace,
                         "Unset what is not in it, in the layers that are");
        dry_run(*import);
        why(*import);
        auto* out = add("export", "All documents",
                        [](auto& g, auto&, auto& a) { return config_export(g, a); });
        file(*out, "Default: standard output");
        layer(*out, "Only of this layer");
        out->add_option("--format", args_.format, "json, toml, yaml")
            ->check(CLI::IsMember({"json", "toml", "yaml"}));
        auto* schema = add("schema", "The JSON Schema of a document; with FILE, sets it",
                           [](auto& g, auto&, auto& a) { return config_reserved(g, "schema", a); });
        auto* pattern =
            add("template", "A template; with FILE, sets it",
                [](auto& g, auto&, auto& a) { return config_reserved(g, "template", a); });
        pattern->add_option("--with", args_.with, "Parameters as JSON: fill it in");
        auto* policy = add("policy", "Consumers, file and drift of a document; with FILE, sets it",
                           [](auto& g, auto&, auto& a) { return config_reserved(g, "policy", a); });
        for (auto* command : {schema, pattern, policy}) {
            name(*command)->required();
            file(*command, "- reads standard input");
            command->add_flag("--unset", args_.unset, "Take it away");
        }
    }

private:
    using Run = int (*)(const Globals&, const ConfigFiles&, const DocumentArgs&);

    CLI::App* add(const char* verb, const char* text, Run run) {
        auto* command = config_.add_subcommand(verb, text);
        command->callback([this_globals = &globals_, this_files = &files_, this_args = &args_,
                           this_chosen = &chosen_, run] {
            *this_chosen = [this_globals, this_files, this_args, run] {
                return run(*this_globals, *this_files, *this_args);
            };
        });
        return command;
    }
    void key(CLI::App& command) {
        command
            .add_option("KEY", args_.key,
                        "app.pool.size of a document; host.…, agents.…, services.… of the host")
            ->required();
    }
    CLI::Option* name(CLI::App& command) {
        return command.add_option("NAME", args_.key, "Of a document; host: the host's own");
    }
    CLI::Option* file(CLI::App& command, const char* text) {
        return command.add_option("FILE", args_.file, text);
    }
    void layer(CLI::App& command, const char* text) {
        command.add_option("--layer", args_.layer, text);
    }
    void environment(CLI::App& command) {
        command.add_option("--environment", args_.environment, "Default: the one in use");
    }
    void why(CLI::App& command) { command.add_option("--reason", args_.reason, "For the history"); }
    void dry_run(CLI::App& command) {
        command.add_flag("--dry-run", args_.dry_run, "Only check, and show what would change");
    }
    void count(CLI::App& command) {
        command.add_option("--count", args_.count, "How many")
            ->check(CLI::Range(1, 1000))
            ->capture_default_str();
    }

    CLI::App& config_;
    const Globals& globals_;
    const ConfigFiles& files_;
    DocumentArgs& args_;
    std::function<int()>& chosen_;
};

} // namespace

void add_document_commands(CLI::App& app, const Globals& globals, const ConfigFiles& files,
                           DocumentArgs& args, std::function<int()>& chosen) {
    auto* config = app.add_subcommand("config", "Documents, and the host's configuration");
    config->require_subcommand(1);
    DocumentCommands commands(*config, globals, files, args, chosen);
    commands.add_values();
    commands.add_records();
    commands.add_files();
}

} // namespace noa::noactl
