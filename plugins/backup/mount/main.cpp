// noa-backup-mount: a repository, looked at as files. A program of its own: no host hangs with it.
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "../jobs/session.hpp"
#include "files.hpp"

namespace {

using namespace backup;

constexpr const char* usage =
    "noa-backup-mount: shows what is in a repository of restic's format as files\n\n"
    "  noa-backup-mount [--no-lock] --password-file FILE REPOSITORY DIRECTORY [SNAPSHOT]\n\n"
    "Without a snapshot all of them are there, by id and by date. Ctrl-C, or umount, ends it.\n"
    "--no-lock is for a disk that cannot be written: nothing may remove data there meanwhile.\n";

struct Wanted {
    bool lock = true;
    std::string password_file;
    std::vector<std::string> words; // repository, directory, snapshot
};

// Nothing: say how it is called.
std::optional<Wanted> wanted_of(const std::vector<std::string>& arguments) {
    Wanted wanted;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        if (arguments[at] == "--no-lock") {
            wanted.lock = false;
        } else if (arguments[at] == "--password-file" && at + 1 < arguments.size()) {
            wanted.password_file = arguments[++at];
        } else if (arguments[at].starts_with("--")) {
            return std::nullopt;
        } else {
            wanted.words.push_back(arguments[at]);
        }
    }
    const bool whole =
        !wanted.password_file.empty() && wanted.words.size() >= 2 && wanted.words.size() <= 3;
    return whole ? std::optional(wanted) : std::nullopt;
}

noa::sdk::Result<SnapshotView> view_of(Repository& repository, const Wanted& wanted) {
    if (wanted.words.size() == 3) {
        const auto snapshot = repository.snapshot(wanted.words[2]);
        return snapshot ? SnapshotView::of_one(repository, *snapshot)
                        : noa::sdk::Result<SnapshotView>(snapshot.error());
    }
    const auto snapshots = repository.snapshots();
    return snapshots ? SnapshotView::of_all(repository, *snapshots)
                     : noa::sdk::Result<SnapshotView>(snapshots.error());
}

noa::sdk::Status show(Repository& repository, const Wanted& wanted) {
    auto view = view_of(repository, wanted);
    return view ? serve_files(*view, wanted.words[1]) : noa::sdk::Status(view.error());
}

noa::sdk::Status run(const Wanted& wanted) {
    const auto password = read_password(wanted.password_file);
    if (!password) {
        return password.error();
    }
    if (wanted.lock) {
        const auto session =
            Session::open({.path = wanted.words[0], .password = *password}, Lock::Kind::shared);
        return session ? show((*session)->repository(), wanted) : session.error();
    }
    auto store = LocalStore::open(wanted.words[0]);
    auto repository = store ? Repository::open(*std::move(store), *password)
                            : noa::sdk::Result<Repository::Ptr>(store.error());
    if (!repository) {
        return repository.error();
    }
    const noa::sdk::Status loaded = (*repository)->load_index();
    return loaded ? show(**repository, wanted) : loaded;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 1 && arguments[0] == "--help") {
        return std::fputs(usage, stdout) < 0 ? 1 : 0;
    }
    const auto wanted = wanted_of(arguments);
    if (!wanted) {
        std::fputs(usage, stderr);
        return 2;
    }
    // Only the loop that ends by them takes them, no thread that keeps a lock.
    const sigset_t signals = ending_signals();
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    const noa::sdk::Status done = run(*wanted);
    if (!done) {
        std::fprintf(stderr, "noa-backup-mount: %s\n", done.error().text.c_str());
    }
    return done ? 0 : 1;
}
