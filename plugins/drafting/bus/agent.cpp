#include "agent.hpp"

#include <array>
#include <chrono>
#include <ctime>
#include <random>

#include "../store/tables.hpp"
#include "noa/sdk/sqlite_operations.hpp"

namespace drafting {

namespace {

constexpr std::size_t longest_name = 128;

Millis date_of_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Millis millis_of(noa::Time time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

} // namespace

std::string date_text(Millis at) {
    const std::time_t seconds = at / 1000;
    std::tm parts{};
    std::array<char, 48> text{};
    ::gmtime_r(&seconds, &parts);
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    const std::string fraction = std::to_string(1000 + at % 1000);
    return std::string(text.data(), size) + "." + fraction.substr(1) + "Z";
}

void Drafting::setup(noa::Setup& setup) {
    setup.settings<Settings>([](const Settings& settings) { return settings.check(); },
                             [this](const Settings& settings) { settings_ = settings; });
    // A language model takes its time, for four at most: differences do not wait for it.
    setup.tasks({.concurrency = 6});
    set_up_drafts(setup);
    set_up_edits(setup);
    set_up_presence(setup);
    set_up_versions(setup);
    set_up_branches(setup);
    set_up_lifecycle(setup);
    set_up_comments(setup);
    set_up_templates(setup);
    set_up_analysis(setup);
    set_up_exchange(setup);
    set_up_assist(setup);
    set_up_metrics(setup);
    noa::sqlite::offer_migrations(setup, migrations, [this](auto work, auto done) {
        writer_->run([work = std::move(work)](Store& store) mutable { work(store.database()); },
                     std::move(done));
    });
    backup_.validate_with([](const std::string& directory, const std::stop_token& stop) {
        return noa::sqlite::check_store(directory + "/drafting.db", migrations, stop);
    });
    setup.use(backup_);
    setup.every(std::chrono::milliseconds(500), [this] { look_after_drafts(); });
    setup.every(std::chrono::seconds(1), [this] { look_after_sessions(); });
    setup.every(std::chrono::seconds(10), [this] { look_after_history(); });
    setup.every(std::chrono::minutes(1), [this] { look_after_age(); });
    setup.capability("drafting");
    setup.event("drafts.ID.updates", {.summary = "Changes of a draft, which are on the disk"});
    setup.event("drafts.ID.presence", {.summary = "Who is where in a draft"});
    setup.event("drafts.ID.assist", {.summary = "What a language model writes, as it comes"});
    setup.event("drafts.ID.changed", {.summary = "What is not a draft's text has changed"});
}

void Drafting::set_up_metrics(noa::Setup& setup) {
    setup.counter("updates_accepted_total", "Changes that are on the disk", accepted_);
    setup.counter("updates_stale_total", "Edits of a version that was not the newest", stale_);
    setup.counter("updates_refused_total", "Edits that were not taken", refused_);
    setup.counter("commits_total", "Commits to the disk", commits_);
    setup.counter("checkpoints_total", "Texts that were put down whole", checkpoints_);
    setup.gauge("drafts_open", "Drafts in memory", [this] { return open_.size(); });
    setup.gauge("drafts_open_bytes", "Of their texts", [this] { return open_bytes(); });
    setup.gauge("sessions", "Who have a draft open", [this] { return sessions_.count(); });
    setup.health("store", noa::sdk::Weight::critical, [this] { return health(); });
}

noa::Health Drafting::health() const {
    return store_fault_.empty() ? noa::Health::healthy() : noa::Health::critical(store_fault_);
}

noa::Status Drafting::start() {
    const auto directory = state_dir();
    if (!directory) {
        return directory.error();
    }
    std::random_device chance;
    chance_ = std::uint64_t{chance()} << 32U | chance();
    clock_offset_ = date_of_now() - millis_of(now());
    gathering_ = std::make_unique<Group>();
    in_flight_ = closing_ = false;
    store_fault_.clear();
    git_ = std::make_unique<GitLibrary>();
    return open_store(std::string(*directory));
}

// A store that is damaged is left as it is: what is in it is worth more than to go on.
noa::Status Drafting::open_store(const std::string& directory) {
    const std::string path = directory + "/drafting.db";
    auto store = Store::open(path);
    if (!store) {
        return store.error().failure();
    }
    auto reader = Reader::open(path);
    // Refused only when the generation is over, or 65,536 others wait: quiesce takes them.
    const auto ring = [this] { static_cast<void>(post([this] { take_done(); })); };
    auto writer = noa::sqlite::StoreWorker<Store>::open(*std::move(store), ring);
    if (!reader || !writer) {
        return (reader ? writer.error() : reader.error()).failure();
    }
    auto total = reader->total_bytes();
    if (!total) {
        return total.error().failure();
    }
    total_bytes_ = *total;
    reader_ = std::make_unique<noa::Worker<Reader>>(*std::move(reader), ring);
    writer_ = *std::move(writer);
    open_desk();
    return {};
}

void Drafting::take_done() {
    const auto run = [](auto& worker) {
        if (worker != nullptr) {
            for (auto& done : worker->take_done()) {
                done();
            }
        }
    };
    if (writer_ != nullptr) {
        writer_->take_done();
    }
    run(reader_);
    run(desk_);
    flush();
}

// What was staged is committed and answered; texts are put down, but for large ones, which are the
// former text and the changes since. Who waits for changes, or for a
// draft to be read, goes on with the next generation.
noa::Status Drafting::quiesce(noa::Time /*deadline*/) {
    if (writer_ == nullptr) {
        return {};
    }
    closing_ = true;
    close_desk();
    for (auto& [id, draft] : open_) {
        if (draft.authority.version() != draft.authority.saved() && !is_large(draft)) {
            save_text(id, draft);
        }
    }
    if (!gathering_->empty()) {
        submit(std::exchange(gathering_, std::make_unique<Group>()));
    }
    reader_->finish();
    writer_->finish();
    take_done();
    writer_.reset();
    reader_.reset();
    git_.reset();
    waiters_.clear();
    loading_.clear();
    open_.clear();
    flying_.clear();
    dropping_.clear();
    sessions_ = Sessions();
    allowances_.clear();
    return {};
}

void Drafting::confirm() {
    if (writer_ == nullptr) {
        return;
    }
    noa::sqlite::confirm_on(*writer_, migrations, [this](const noa::sqlite::Error& error) {
        log(noa::Level::error, "migrate.failed", error.message());
    });
}

Millis Drafting::date() const {
    return millis_of(now()) + clock_offset_;
}

noa::Result<std::string> Drafting::who(const std::string& as, const noa::Request& request) const {
    const std::string name = as.empty() ? std::string(request.from()) : as;
    if (name.size() > longest_name || name == "*" || !is_utf8(name) ||
        name.find_first_of(std::string_view("\n\r\t\0", 4)) != std::string::npos) {
        return noa::invalid("/as: must be a name of 128 bytes at most, on one line");
    }
    return name;
}

noa::Error Drafting::failure_of(const noa::sqlite::Error& error) {
    return error.code == SQLITE_NOTFOUND ? noa::Error{NOA_E_RETIRED, error.text} : error.failure();
}

} // namespace drafting
