#include "noactl/backup_command_line.hpp"

namespace noa::noactl {

namespace {

class BackupCommands {
public:
    BackupCommands(CLI::App& backup, const Globals& globals, BackupArgs& args,
                   std::function<int()>& chosen)
        : backup_(backup), globals_(globals), args_(args), chosen_(chosen) {}

    void add_jobs() {
        plan(*add("run", "Run a plan now", backup_run));
        auto* check = add("check", "Read a repository and say whether it is whole", backup_check);
        check->add_option("--parts", args_.parts, "Read one of so many parts; 0: no data")
            ->check(CLI::Range(0, 256))
            ->capture_default_str();
        check->add_option("--part", args_.part, "Which of them, from 0")
            ->check(CLI::Range(0, 255))
            ->capture_default_str();
        auto* drill =
            add("drill", "Restore a snapshot beside, and look at all of it", backup_drill);
        plan(*drill);
        drill->add_option("--snapshot", args_.snapshot, "The start of its id")
            ->capture_default_str();
        auto* restore = add("restore", "Restore a snapshot, or a part of it", backup_restore);
        snapshot(*restore)->required();
        restore->add_option("TARGET", args_.target, "A directory")->required();
        restore->add_option("--path", args_.path, "What of it; default: all");
        restore->add_flag("--strip", args_.strip, "Without the folders above the path");
        auto* forget =
            add("forget", "Take away the snapshots that a plan does not keep", backup_forget);
        plan(*forget);
        forget->add_flag("--prune", args_.prune, "And the data that no other needs");
        auto* prune = add("prune", "Take away the data that no snapshot needs", backup_prune);
        for (auto* command : {forget, prune}) {
            command->add_flag("--dry-run", args_.dry_run, "Only show what would go");
        }
        auto* repair =
            add("repair", "Take out what is damaged, and save what can be saved", backup_repair);
        repair->add_option("--from", args_.other, "A repository that may have it");
        for (auto* command : {check, restore, prune, repair}) {
            repository(*command);
        }
        auto* copy = add("copy", "Copy the snapshots of a repository to another", backup_copy);
        copy->add_option("FROM", args_.repository, "A repository")->required();
        copy->add_option("TO", args_.other, "Another")->required();
    }

    void add_looks() {
        auto* list = add("list", "The snapshots, the newest first", backup_list);
        list->add_option("--plan", args_.plan, "Only of this one");
        auto* show = add("show", "A snapshot", backup_show);
        snapshot(*show);
        auto* ls = add("ls", "What is in a snapshot", backup_ls);
        snapshot(*ls);
        ls->add_option("PATH", args_.path, "Default: /");
        ls->add_flag("--recursive", args_.recursive, "And what is in the folders");
        auto* diff = add("diff", "What changed from one snapshot to another", backup_diff);
        diff->add_option("FROM", args_.snapshot, "The start of its id")->required();
        diff->add_option("TO", args_.other, "Default: the newest");
        for (auto* command : {list, show, ls, diff}) {
            repository(*command);
        }
        for (auto* command : {list, ls, diff}) {
            command->add_option("--count", args_.count, "How many lines at most")
                ->check(CLI::Range(1, 10'000))
                ->capture_default_str();
        }
        add_mount();
        add("status", "What is at work, and what happened last",
            [](const Globals& globals, const BackupArgs&) { return backup_status(globals); });
        add("ready", "Whether there is a recent backup that was verified; 1 when not",
            [](const Globals& globals, const BackupArgs&) { return backup_ready(globals); });
        add("cancel", "End what is at work",
            [](const Globals& globals, const BackupArgs&) { return backup_cancel(globals); });
    }

    void add_keys() {
        auto* init = add("init", "Make a repository", backup_init);
        auto* keys = add("keys", "The keys of a repository, one for each password", backup_keys);
        auto* more = add("key-add", "A further password", backup_key_add);
        auto* rotate = add("key-rotate",
                           "Replace the password: the old one goes when a run finds "
                           "the new one in use",
                           backup_key_rotate);
        for (auto* command : {more, rotate}) {
            command
                ->add_option("FILE", args_.other, "With the password; only its owner may read it")
                ->required();
        }
        auto* less = add("key-remove", "Take a password away", backup_key_remove);
        less->add_option("KEY", args_.other, "Its id")->required();
        for (auto* command : {init, keys, more, rotate, less}) {
            repository(*command);
        }
    }

private:
    using Run = int (*)(const Globals&, const BackupArgs&);

    CLI::App* add(const char* verb, const char* text, Run run) {
        auto* command = backup_.add_subcommand(verb, text);
        command->callback(
            [this_globals = &globals_, this_args = &args_, this_chosen = &chosen_, run] {
                *this_chosen = [this_globals, this_args, run] {
                    return run(*this_globals, *this_args);
                };
            });
        return command;
    }
    void add_mount() {
        auto* mount = add("mount", "Show snapshots as files, until Ctrl-C", backup_mount);
        mount->add_option("DIRECTORY", args_.target, "Where")->required();
        mount->add_option("SNAPSHOT", args_.mounted,
                          "The start of its id, or latest; default: all");
        repository(*mount);
        mount->add_option("--path", args_.path, "Of a repository that no host knows");
        mount->add_option("--password-file", args_.password_file,
                          "Only its owner may read it; default: as the host is configured");
        mount->add_flag("--no-lock", args_.no_lock, "For a disk that cannot be written");
    }
    void plan(CLI::App& command) {
        command.add_option("PLAN", args_.plan, "Default: the only one");
    }
    void repository(CLI::App& command) {
        command.add_option("--repository", args_.repository, "Default: the only one");
    }
    CLI::Option* snapshot(CLI::App& command) {
        return command.add_option("SNAPSHOT", args_.snapshot, "The start of its id, or latest");
    }

    CLI::App& backup_;
    const Globals& globals_;
    BackupArgs& args_;
    std::function<int()>& chosen_;
};

} // namespace

void add_backup_commands(CLI::App& app, const Globals& globals, BackupArgs& args,
                         std::function<int()>& chosen) {
    auto* backup = app.add_subcommand("backup", "Backups: made, looked at, proven, restored");
    backup->require_subcommand(1);
    BackupCommands commands(*backup, globals, args, chosen);
    commands.add_jobs();
    commands.add_looks();
    commands.add_keys();
}

} // namespace noa::noactl
