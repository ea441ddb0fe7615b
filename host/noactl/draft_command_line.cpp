#include "noactl/draft_command_line.hpp"

namespace noa::noactl {

namespace {

class DraftCommands {
public:
    DraftCommands(CLI::App& drafts, const Globals& globals, DraftArgs& args,
                  std::function<int()>& chosen)
        : drafts_(drafts), globals_(globals), args_(args), chosen_(chosen) {}

    void add_texts() {
        auto* made = add("new", "Makes a draft, and says its id", draft_new);
        made->add_option("TITLE", args_.title, "Its title")->required();
        made->add_option("--id", args_.id, "Its id: [a-z0-9-]");
        made->add_option("--type", args_.type, "Of document");
        made->add_option("--tag", args_.tags, "May come several times");
        auto* file = made->add_option("--file", args_.file, "Its text; -: standard input");
        made->add_option("--template", args_.from_template, "That it begins with")->excludes(file);
        made->add_option("--with", args_.parameters, "NAME=VALUE, of the template");
        auto* list = add("list", "Drafts, the last changed first", draft_list);
        list->add_option("--status", args_.status, "Of which they are");
        list->add_option("--type", args_.type, "Of which they are");
        list->add_option("--author", args_.author, "Of which they are");
        list->add_option("--tag", args_.tag, "That they have");
        list->add_option("--search", args_.search, "Those that have these words, the best first");
        count(*list, 200);
        auto* show = id(*add("show", "The text of a draft", draft_show));
        auto* version = show->add_option("--at", args_.version, "Version: as it was then");
        show->add_flag("--blame", args_.blame, "Who wrote which lines")->excludes(version);
        auto* edit = id(*add("edit",
                             "A draft in $VISUAL or $EDITOR; what others write meanwhile "
                             "stays",
                             draft_edit));
        edit->add_option("--file", args_.file, "That text in the place of an editor");
        message(*edit);
    }

    void add_versions() {
        count(*id(*add("history", "Revisions and changes, the newest first", draft_history)), 1000);
        auto* diff = id(*add("diff", "What makes one version of another", draft_diff));
        diff->add_option("--from", args_.from, "Version; 0: how it began")->capture_default_str();
        diff->add_option("--to", args_.version, "Version; default: now");
        diff->add_flag("--words", args_.words, "By words");
        auto* restore =
            id(*add("restore", "Has a draft the text of a former version again", draft_restore));
        restore->add_option("VERSION", args_.version, "Which")->required();
        message(*restore);
        auto* status =
            id(*add("status", "What there is to know of a draft; or moves it on", draft_status));
        status->add_option("STATUS", args_.status, "draft, review, approved, published, archived")
            ->check(CLI::IsMember({"draft", "review", "approved", "published", "archived"}));
        auto* one = add("template", "The templates; or what one makes", draft_template);
        auto* name = one->add_option("NAME", args_.name, "Of a template");
        auto* file =
            one->add_option("--set", args_.file, "Keeps this file under NAME; -: standard input");
        file->needs(name);
        one->add_flag("--drop", args_.drop, "Takes it away")->needs(name)->excludes(file);
        one->add_option("--with", args_.parameters, "NAME=VALUE")->excludes(file);
        one->add_option("--description", args_.message, "Of what is kept")->needs(file);
    }

private:
    using Run = int (*)(const Globals&, const DraftArgs&);

    CLI::App* add(const char* verb, const char* text, Run run) {
        auto* command = drafts_.add_subcommand(verb, text);
        command->add_option("--as", args_.as, "Who acts; default: who runs it");
        command->callback([run, &chosen = chosen_, &globals = globals_, &args = args_] {
            chosen = [run, &globals, &args] { return run(globals, args); };
        });
        return command;
    }
    CLI::App* id(CLI::App& command) {
        command.add_option("ID", args_.id, "Of a draft")->required();
        return &command;
    }
    void message(CLI::App& command) {
        command.add_option("--message", args_.message, "Of the revision that it becomes");
    }
    void count(CLI::App& command, int most) {
        command.add_option("--count", args_.count, "How many")
            ->check(CLI::Range(1, most))
            ->capture_default_str();
    }

    CLI::App& drafts_;
    const Globals& globals_;
    DraftArgs& args_;
    std::function<int()>& chosen_;
};

} // namespace

void add_draft_commands(CLI::App& app, const Globals& globals, DraftArgs& args,
                        std::function<int()>& chosen) {
    auto* drafts = app.add_subcommand("draft", "Texts that people write together");
    drafts->require_subcommand(1);
    DraftCommands commands(*drafts, globals, args, chosen);
    commands.add_texts();
    commands.add_versions();
}

} // namespace noa::noactl
