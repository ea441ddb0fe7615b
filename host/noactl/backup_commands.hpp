// `noactl backup`: what the agent backup does, watched to its end.
#pragma once

#include <cstdint>
#include <string>

#include "noactl/commands.hpp"

namespace noa::noactl {

struct BackupArgs {
    std::string repository; // "": the only one
    std::string plan;       // likewise
    std::string snapshot = "latest";
    std::string other; // a second snapshot or repository, a file, a key
    std::string path;
    std::string target;
    std::string mounted; // a snapshot; "": all
    std::string password_file;
    std::int64_t part = 0;
    std::int64_t parts = 1;
    std::int64_t count = 100;
    bool recursive = false;
    bool strip = false;
    bool dry_run = false;
    bool prune = false;
    bool no_lock = false;
};

// Jobs: begun, then followed, with how far they are on a terminal; Ctrl-C ends them. A check or
// drill that found something wrong is exit_failed.
[[nodiscard]] int backup_run(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_check(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_drill(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_restore(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_forget(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_repair(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_prune(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_copy(const Globals& globals, const BackupArgs& args);

[[nodiscard]] int backup_init(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_list(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_show(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_ls(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_diff(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_keys(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_key_add(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_key_rotate(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_key_remove(const Globals& globals, const BackupArgs& args);
[[nodiscard]] int backup_status(const Globals& globals);
[[nodiscard]] int backup_cancel(const Globals& globals);
// Becomes noa-backup-mount. With a path and a password file no host is asked.
[[nodiscard]] int backup_mount(const Globals& globals, const BackupArgs& args);
// exit_failed when there is no recent backup that was verified.
[[nodiscard]] int backup_ready(const Globals& globals);

} // namespace noa::noactl
