#include "agent.hpp"

#include <utility>

#include "../store/tables.hpp"
#include "noa/sdk/sqlite_store.hpp"

namespace config {

namespace {

constexpr std::size_t longest_reason = 512;

std::string hex_of(const noa_id& id) {
    constexpr const char* digits = "0123456789abcdef";
    std::string out;
    for (const unsigned byte : id.bytes) {
        out += digits[byte >> 4U];
        out += digits[byte & 0xFU];
    }
    return out;
}

} // namespace

void Config::setup(noa::Setup& setup) {
    setup.settings<Settings>([](const Settings& settings) { return settings.check(); },
                             [this](const Settings& settings) {
                                 settings_ = settings;
                                 plan_limits_ = settings.plan_limits();
                             });
    set_up_reads(setup);
    set_up_writes(setup);
    set_up_watch(setup);
    set_up_records(setup);
    set_up_transfer(setup);
    set_up_drift(setup);
    set_up_metrics(setup);
    setup.capability("config");
    setup.event("config.changed.NAME", {.summary = "A document was changed: its JSON Patch"});
    setup.event("config.ready", {.summary = "The store is open: up to which revision"});
}

void Config::set_up_metrics(noa::Setup& setup) {
    setup.counter("changes_total", "Changes that were committed", changes_);
    setup.counter("refused_total", "Changes that were refused", refused_);
    setup.counter("commits_total", "Commits to the disk", commits_);
    setup.counter("events_refused_total", "Deliveries of events that an inbox had no room for",
                  events_refused_);
    setup.counter("hits_total", "Documents put together before", hits_);
    setup.counter("misses_total", "Documents put together anew", misses_);
    setup.gauge("documents", "Documents in all layers", [this] { return tables_.all().size(); });
    setup.gauge("bytes", "Of their texts", [this] { return tables_.bytes(); });
    setup.gauge("revision", "The newest", [this] { return tables_.revision(); });
    setup.gauge("watchers", "Those who wait for a change", [this] { return waiters_.size(); });
    setup.health("store", noa::sdk::Weight::critical, [this] { return health(); });
}

noa::Health Config::health() const {
    return store_fault_.empty() ? noa::Health::healthy() : noa::Health::critical(store_fault_);
}

noa::Status Config::start() {
    const auto directory = state_dir();
    if (!directory) {
        return directory.error();
    }
    auto store = Store::open(std::string(*directory) + "/config.db", settings_.limits());
    auto loaded = store ? store->load() : Stored<Loaded>(store.error());
    if (!loaded) {
        return loaded.error().failure();
    }
    compacted_ = loaded->compacted;
    tables_.load(*loaded);
    recent_.emplace(tables_.revision());
    memos_.clear();
    waiters_.clear();
    gathering_ = std::make_unique<Batch>();
    in_flight_ = false;
    store_fault_.clear();
    worker_ = std::make_unique<noa::Worker<Store>>(*std::move(store), [this] {
        // Refused only when the generation is over, or 65,536 others wait: quiesce takes them.
        static_cast<void>(post([this] { deliver(); }));
    });
    start_drift(*directory, std::move(loaded->foreign));
    const noa::Json ready{{"revision", tables_.revision()}, {"compacted", compacted_}};
    static_cast<void>(publish("config.ready", noa::json_body(ready)));
    return {};
}

void Config::deliver() {
    if (worker_ == nullptr) {
        return;
    }
    for (auto& done : worker_->take_done()) {
        done();
    }
}

// Everything that was staged is committed and answered; who waits for a change goes on waiting
// with the next generation.
noa::Status Config::quiesce(noa::Time /*deadline*/) {
    if (worker_ == nullptr) {
        return {};
    }
    stop_drift();
    if (!gathering_->empty()) {
        submit(std::exchange(gathering_, std::make_unique<Batch>()));
    }
    worker_->finish();
    deliver();
    worker_.reset();
    waiters_.clear();
    return {};
}

void Config::confirm() {
    if (worker_ == nullptr) {
        return;
    }
    noa::sqlite::confirm_on(*worker_, migrations, [this](const noa::sqlite::Error& error) {
        log(noa::Level::error, "migrate.failed", error.message());
    });
}

Cause Config::cause_of(const noa::Request& message, const Text& author, const Text& reason,
                       std::string kind) const {
    Cause cause;
    cause.kind = std::move(kind);
    cause.author = author ? author->substr(0, longest_reason) + " via " : "";
    cause.author.append(message.from());
    cause.reason = reason ? reason->substr(0, longest_reason) : "";
    cause.at = date_of_now();
    cause.message = hex_of(message.id());
    return cause;
}

} // namespace config
