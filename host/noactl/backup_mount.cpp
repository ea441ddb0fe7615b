// noactl backup mount: finds out where the repository and its password are, and becomes the program
// that shows it.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "noactl/backup_commands.hpp"

namespace noa::noactl {

namespace {

using nlohmann::json;

struct Place {
    std::string path;
    std::string password_file;
};

// In a build tree it lies with its plugin; installed, in libexec.
std::filesystem::path program() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto beside =
        self.parent_path().parent_path().parent_path() / "plugins" / "backup" / "noa-backup-mount";
    return !error && std::filesystem::exists(beside, error)
               ? beside
               : std::filesystem::path(NOA_LIBEXEC_DIR) / "noa-backup-mount";
}

// A password goes by its reference: what reads it is who asks, with their own rights.
Result<Place> place_in(const json& repositories, const BackupArgs& args) {
    const bool only = args.repository.empty() && repositories.size() == 1;
    const auto found = only ? repositories.begin() : repositories.find(args.repository);
    if (found == repositories.end()) {
        return fail(Errc::not_found, "backup mount", args.repository,
                    args.repository.empty() ? "which repository? There are several, or none"
                                            : "there is no repository of this name",
                    "give --repository, or --path and --password-file");
    }
    Place place{member(*found, "path"), args.password_file};
    if (place.password_file.empty()) {
        const auto reference = member(child(*found, "password"), "secret");
        if (!reference.starts_with("file:")) {
            return fail(Errc::refused, "backup mount", found.key(),
                        "its password is in no file of its own", "give --password-file");
        }
        place.password_file = reference.substr(std::string_view("file:").size());
    }
    return place;
}

Result<Place> ask_place(Client& client, const BackupArgs& args) {
    const auto manifest = client.ask("manifest_export", json::object(), question_timeout);
    if (!manifest) {
        return Failure(manifest.error());
    }
    for (const auto& agent : child(*manifest, "agents")) {
        if (member(agent, "name") == "backup") {
            const json& repositories = child(child(agent, "settings"), "repositories");
            return place_in(repositories.is_object() ? repositories : json::object(), args);
        }
    }
    return fail(Errc::not_found, "backup mount", "backup", "the host has no agent backup",
                "give --path and --password-file");
}

int become(const Place& place, const BackupArgs& args) {
    std::string name = program().string();
    std::vector<std::string> words{name, "--password-file", place.password_file};
    if (args.no_lock) {
        words.emplace_back("--no-lock");
    }
    words.push_back(place.path);
    words.push_back(std::filesystem::absolute(args.target).string());
    if (!args.mounted.empty()) {
        words.push_back(args.mounted);
    }
    std::vector<char*> argv;
    argv.reserve(words.size() + 1);
    for (auto& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    ::execv(name.c_str(), argv.data());
    complain(fail(Errc::unavailable, "backup mount", name, std::system_category().message(errno),
                  errno == ENOENT ? "this build is without libfuse3" : "")
                 .value());
    return exit_failed;
}

} // namespace

int backup_mount(const Globals& globals, const BackupArgs& args) {
    if (!args.path.empty() && !args.password_file.empty()) { // no host is needed
        return become({args.path, args.password_file}, args);
    }
    Place place;
    const int code = with_client(globals, [&](Client& client) -> Result<int> {
        auto found = ask_place(client, args);
        if (!found) {
            return Failure(found.error());
        }
        place = std::move(*found);
        return exit_ok;
    });
    return code == exit_ok ? become(place, args) : code;
}

} // namespace noa::noactl
