// What the backup agent does, as a program that ends: to be measured, and to be killed.
//
//   noa-backup-tool init REPOSITORY
//   noa-backup-tool backup REPOSITORY PATH…
//   noa-backup-tool restore REPOSITORY TARGET
//   noa-backup-tool check REPOSITORY [read]
//   noa-backup-tool prune REPOSITORY KEEP_LAST
//
// The password is NOA_BACKUP_PASSWORD. With KILL_AT=N it is killed at its N-th change of the
// repository, before it is made; without, it prints how many there were.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "archive/archiver.hpp"
#include "archive/check.hpp"
#include "archive/prune.hpp"
#include "archive/restorer.hpp"
#include "archive/retention.hpp"
#include "repository/local_store.hpp"
#include "repository/lock.hpp"

namespace {

using namespace backup;

// Counts changes, and ends the program at one of them.
class MortalStore final : public Store {
public:
    MortalStore(std::unique_ptr<Store> store, std::uint64_t kill_at)
        : store_(std::move(store)), kill_at_(kill_at) {}

    noa::sdk::Result<std::unique_ptr<NewFile>> create() override {
        change();
        auto file = store_->create();
        return file ? noa::sdk::Result<std::unique_ptr<NewFile>>(
                          std::make_unique<File>(*this, *std::move(file)))
                    : file.error();
    }
    noa::sdk::Status read(const FileName& name, std::uint64_t offset,
                          std::span<std::uint8_t> into) override {
        return store_->read(name, offset, into);
    }
    noa::sdk::Result<std::uint64_t> size(const FileName& name) override {
        return store_->size(name);
    }
    noa::sdk::Result<std::vector<StoredFile>> list(FileKind kind) override {
        return store_->list(kind);
    }
    noa::sdk::Status remove(const FileName& name) override {
        change();
        return store_->remove(name);
    }
    [[nodiscard]] std::string place() const override { return store_->place(); }

    void change() {
        if (++changes == kill_at_) {
            static_cast<void>(std::raise(SIGKILL));
        }
    }
    std::atomic<std::uint64_t> changes{0};

private:
    struct File final : NewFile {
        File(MortalStore& store, std::unique_ptr<NewFile> file)
            : store_(store), file_(std::move(file)) {}
        noa::sdk::Status append(View bytes) override {
            store_.change();
            return file_->append(bytes);
        }
        noa::sdk::Status finish(const FileName& name) override {
            store_.change();
            return file_->finish(name);
        }
        MortalStore& store_;
        std::unique_ptr<NewFile> file_;
    };

    std::unique_ptr<Store> store_;
    std::uint64_t kill_at_;
};

int failed(const noa::sdk::Error& error) {
    std::fprintf(stderr, "%s\n", error.text.c_str());
    return 1;
}

std::string variable(const char* name) {
    const char* value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): before any thread
    return value != nullptr ? value : "";
}

int init(const std::string& place) {
    auto store = LocalStore::create_new(place);
    if (!store) {
        return failed(store.error());
    }
    const auto made = Repository::create(*std::move(store), variable("NOA_BACKUP_PASSWORD"),
                                         Origin::of_this_process());
    return made ? 0 : failed(made.error());
}

int report(const noa::sdk::Status& done, const Progress& progress) {
    for (const Fault& fault : progress.kept_faults()) {
        std::fprintf(stderr, "%s: %s\n", fault.what.c_str(), fault.why.c_str());
    }
    if (!done) {
        return failed(done.error());
    }
    return progress.faults == 0 ? 0 : 2;
}

noa::sdk::Status forget_and_prune(Repository& repository, const std::string& keep,
                                  Progress& progress) {
    auto all = repository.snapshots();
    if (!all) {
        return all.error();
    }
    KeepRule rule;
    rule.last = static_cast<std::uint32_t>(std::strtoul(keep.c_str(), nullptr, 10));
    for (const KeepVerdict& verdict : judge(rule, *std::move(all))) {
        if (verdict.reasons.empty()) {
            if (noa::sdk::Status gone =
                    repository.store().remove({FileKind::snapshot, verdict.snapshot.id});
                !gone) {
                return gone;
            }
        }
    }
    const auto done = prune(repository, {.max_unused = 0}, progress, {});
    return done ? noa::sdk::Status() : done.error();
}

noa::sdk::Status work(Repository& repository, const std::vector<std::string>& words,
                      Progress& progress) {
    const std::string& verb = words[0];
    if (verb == "backup") {
        ArchiveOptions options;
        for (std::size_t at = 2; at < words.size(); ++at) {
            options.sources.push_back({words[at], ""});
        }
        options.origin = Origin::of_this_process();
        options.time = Timestamp::now();
        const auto done = archive(repository, options, progress, {});
        return done ? noa::sdk::Status() : done.error();
    }
    if (verb == "restore") {
        const auto snapshot = repository.snapshot("latest");
        if (!snapshot) {
            return snapshot.error();
        }
        const auto done = restore(repository, *snapshot, {.target = words[2]}, progress, {});
        return done ? noa::sdk::Status() : done.error();
    }
    if (verb == "prune") {
        return forget_and_prune(repository, words[2], progress);
    }
    const auto done = check(repository, {.parts = words.size() > 2 ? 1U : 0U}, progress, {});
    return done ? noa::sdk::Status() : done.error();
}

int run(const std::vector<std::string>& words) {
    auto local = LocalStore::open(words[1]);
    if (!local) {
        return failed(local.error());
    }
    auto store = std::make_unique<MortalStore>(
        *std::move(local), std::strtoull(variable("KILL_AT").c_str(), nullptr, 10));
    const MortalStore& counted = *store;
    auto repository = Repository::open(std::move(store), variable("NOA_BACKUP_PASSWORD"));
    if (!repository) {
        return failed(repository.error());
    }
    Progress progress;
    noa::sdk::Status done;
    {
        auto lock = Lock::acquire(**repository,
                                  words[0] == "prune" ? Lock::Kind::exclusive : Lock::Kind::shared,
                                  Origin::of_this_process());
        done = lock ? (*repository)->load_index() : lock.error();
        if (done) {
            done = work(**repository, words, progress);
        }
    }
    const int code = report(done, progress);
    std::printf("%llu\n", static_cast<unsigned long long>(counted.changes.load()));
    return code;
}

} // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() < 2 || (words.size() < 3 && (words[0] == "backup" || words[0] == "restore" ||
                                                  words[0] == "prune"))) {
        std::fputs("usage: noa-backup-tool init|backup|restore|check|prune REPOSITORY …\n", stderr);
        return 64;
    }
    return words[0] == "init" ? init(words[1]) : run(words);
}
