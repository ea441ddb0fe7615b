#include "noactl/draft_text_command_line.hpp"

namespace noa::noactl {

namespace {

using Run = int (*)(const Globals&, const DraftTextArgs&);

class DraftTextCommands {
public:
    DraftTextCommands(CLI::App& draft, const Globals& globals, DraftTextArgs& args,
                      std::function<int()>& chosen)
        : draft_(draft), globals_(globals), args_(args), chosen_(chosen) {}

    void add_lint() {
        auto* lint = add("lint", "Say what is to be said about texts; needs no host", draft_lint);
        lint->add_option("FILE", args_.files, "Markdown, or text in *.txt; -: standard input")
            ->required();
        lint->add_option("--format", args_.format, "text, json, sarif")
            ->check(CLI::IsMember({"text", "json", "sarif"}));
        lint->add_option("--fail-on", args_.fail_on, "The least that is a failure")
            ->check(CLI::IsMember({"suggestion", "warning", "error", "never"}))
            ->capture_default_str();
        lint->add_option("--rules", args_.rules, "Files of rules, over plain English");
        lint->add_option("--personal", args_.personal, "Files of words that are right");
        lint->add_option("--dictionary", args_.dictionary, "Without .aff");
        lint->add_option("--syntax", args_.syntax, "What the files are")
            ->check(CLI::IsMember({"markdown", "text"}));
        lint->add_flag("--no-plain-english", args_.no_plain_english, "Without the rules of noa");
        lint->add_flag("--suggest", args_.suggest, "Words near to unknown ones: slower");
    }

    void add_exchange() {
        auto* out = add("export", "Write a draft in the format of others", draft_export);
        out->add_option("ID", args_.id, "Of a draft")->required();
        out->add_option("FILE", args_.file, "Default: standard output");
        out->add_option("--format", args_.format, "markdown, html, json, text, pdf")
            ->check(CLI::IsMember({"markdown", "html", "json", "text", "pdf"}));
        auto* in = add("import", "Make a draft of a file", draft_import);
        in->add_option("FILE", args_.files, "-: standard input")->required()->expected(1);
        in->add_option("--format", args_.format,
                       "markdown, html, json, text; default: by the file's name, or markdown")
            ->check(CLI::IsMember({"markdown", "html", "json", "text"}));
        in->add_option("--id", args_.id, "Of the draft");
        in->add_option("--title", args_.title, "Default: the file's own, or its first heading");
        in->add_option("--type", args_.type, "Of the draft");
        for (auto* command : {out, in}) {
            command->add_option("--as", args_.as, "Who acts; default: who runs it");
        }
    }

private:
    CLI::App* add(const char* verb, const char* text, Run run) {
        auto* command = draft_.add_subcommand(verb, text);
        command->callback([run, &chosen = chosen_, &globals = globals_, &args = args_] {
            chosen = [run, &globals, &args] { return run(globals, args); };
        });
        return command;
    }

    CLI::App& draft_;
    const Globals& globals_;
    DraftTextArgs& args_;
    std::function<int()>& chosen_;
};

} // namespace

void add_draft_text_commands(CLI::App& app, const Globals& globals, DraftTextArgs& args,
                             std::function<int()>& chosen) {
    const auto there =
        app.get_subcommands([](const CLI::App* command) { return command->get_name() == "draft"; });
    CLI::App* draft = there.empty() ? nullptr : there.front();
    if (draft == nullptr) {
        draft = app.add_subcommand("draft", "Drafts that several write, and their texts");
        draft->require_subcommand(1);
    }
    DraftTextCommands commands(*draft, globals, args, chosen);
    commands.add_lint();
    commands.add_exchange();
}

} // namespace noa::noactl
