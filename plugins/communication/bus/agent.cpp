#include "agent.hpp"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "../store/tables.hpp"
#include "noa/sdk/sqlite_store.hpp"

namespace communication {

namespace {

constexpr noa::Duration upkeep = std::chrono::seconds(10);
constexpr noa::Duration patience_with_endpoints = std::chrono::milliseconds(500);
constexpr noa::Duration rare_upkeep = std::chrono::minutes(1);

Millis date_of_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Millis millis(noa::Time time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

bool is_damage(const noa::sqlite::Error& error) {
    const int code = error.code & 0xFF;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

} // namespace

void Communication::setup(noa::Setup& setup) {
    setup.settings<Settings>([](const Settings& settings) { return settings.check(); },
                             [this](const Settings& settings) { settings_ = settings; });
    set_up_sends(setup);
    set_up_shapes(setup);
    set_up_hooks(setup);
    set_up_records(setup);
    set_up_control(setup);
    set_up_tasks(setup);
    set_up_conversations(setup);
    set_up_streams(setup);
    set_up_consumers(setup);
    set_up_metrics(setup);
    set_up_recipient_metrics(setup);
    setup.every(upkeep, [this] { forget_old(); });
    setup.every(upkeep, [this] { sweep_streams(); });
    setup.every(rare_upkeep, [this] { archive_idle(); });
    setup.every(rare_upkeep, [this] { look_at_clock(); });
    setup.every(std::chrono::seconds(1), [this] { sweep_tasks(); });
    setup.capability("communication");
    setup.event("communication.dead", {.summary = "A message was given up: its id, and why"});
    setup.event("communication.given_up",
                {.summary = "Entries of a stream were given up, after their last attempt: which "
                            "consumer's, and how many"});
    setup.event("communication.quarantined",
                {.summary = "The store was damaged and put aside: where it is"});
}

void Communication::set_up_metrics(noa::Setup& setup) {
    const auto figure = [this](std::uint64_t DeliveryFigures::*member) {
        return [this, member]() -> std::uint64_t {
            return deliveries_ ? deliveries_->figures().*member : 0;
        };
    };
    setup.counter("messages_accepted_total", "Messages that are on the disk", accepted_);
    setup.counter("messages_refused_total", "Messages that were not taken", refused_);
    setup.counter("messages_duplicate_total", "Messages that had been taken before", duplicates_);
    setup.counter("messages_flagged_total", "Messages that fell under a rule of content", flagged_);
    setup.counter("messages_rejected_total", "Messages that a rule of content refused", rejected_);
    setup.counter("commits_total", "Commits to the disk", commits_);
    setup.counter("stream_entries_total", "Entries that were appended to streams", appended_);
    setup.counter("stream_deliveries_total", "Entries that were handed to consumers", handed_out_);
    setup.counter("attempts_total", "Deliveries that were begun",
                  figure(&DeliveryFigures::attempts));
    setup.counter("messages_delivered_total", "Messages that were acknowledged",
                  figure(&DeliveryFigures::delivered));
    setup.counter("retries_total", "Attempts after a failed one",
                  figure(&DeliveryFigures::retried));
    setup.counter("messages_dead_total", "Messages that were given up",
                  figure(&DeliveryFigures::dead));
    setup.counter("messages_expired_total", "Messages whose deadline passed first",
                  figure(&DeliveryFigures::expired));
    setup.counter("late_acknowledgements_total", "Ends of attempts that were over",
                  figure(&DeliveryFigures::late));
    setup.gauge("queue_depth", "Messages that are not settled",
                [this] { return deliveries_ ? deliveries_->size() : 0; });
    setup.gauge("attempts_under_way", "Deliveries that wait for their end",
                [this] { return deliveries_ ? deliveries_->under_way() : 0; });
    setup.gauge("duplicate_ids", "Ids that are remembered",
                [this] { return seen_ ? seen_->size() : 0; });
    const auto time = [this](double rank) {
        return [this, rank] { return deliveries_ ? deliveries_->times().at(rank) : 0; };
    };
    setup.gauge("delivery_p50_seconds", "From accepted to acknowledged", time(0.5));
    setup.gauge("delivery_p95_seconds", "From accepted to acknowledged", time(0.95));
    setup.gauge("delivery_p99_seconds", "From accepted to acknowledged", time(0.99));
    // The names that dashboards of the seeds look for.
    setup.gauge("messages_sent", "Deliveries that were begun",
                [read = figure(&DeliveryFigures::attempts)] { return read(); });
    setup.gauge("messages_delivered", "Messages that were acknowledged",
                [read = figure(&DeliveryFigures::delivered)] { return read(); });
    setup.gauge("messages_failed", "Messages that were given up",
                [read = figure(&DeliveryFigures::dead)] { return read(); });
    setup.gauge("average_delivery_time", "Seconds",
                [this] { return deliveries_ ? deliveries_->times().mean() : 0; });
    setup.gauge("p95_delivery_time", "Seconds", time(0.95));
    setup.gauge("p99_delivery_time", "Seconds", time(0.99));
    setup.health("store", noa::sdk::Weight::critical, [this] { return health(); });
}

noa::Health Communication::health() const {
    if (!store_fault_.empty()) {
        return noa::Health::critical(store_fault_);
    }
    return quarantined_.empty()
               ? noa::Health::healthy()
               : noa::Health::needs_repair("the store was damaged; begun anew, the old one is " +
                                           quarantined_);
}

noa::Status Communication::start() {
    const auto directory = state_dir();
    if (!directory) {
        return directory.error();
    }
    std::random_device chance;
    jitter_ = noa::sdk::Jitter(std::uint64_t{chance()} << 32U | chance());
    clock_offset_ = date_of_now() - millis(now());
    gathering_ = std::make_unique<Group>();
    in_flight_ = pump_posted_ = sweeping_ = false;
    processing_ = true;
    store_fault_.clear();
    quarantined_.clear();
    tick_timer_ = 0;
    sender_rates_.clear();
    auto rules = settings_.content.made();
    if (!rules) {
        return rules.error();
    }
    rules_.emplace(*std::move(rules));
    schema_mode_ = *rule_mode(settings_.content.schema);
    shapes_.clear();
    endpoints_.clear();
    for (const auto& [name, webhook] : settings_.webhooks) {
        auto endpoint = webhook.endpoint();
        if (!endpoint) {
            return endpoint.error();
        }
        endpoints_.emplace(name, *std::move(endpoint));
    }
    hooks_.clear();
    for (const auto& [name, setting] : settings_.hooks) {
        auto hook = setting.hook();
        if (!hook) {
            return hook.error();
        }
        hooks_.emplace(name, *std::move(hook));
    }
    const RateSettings& rates = settings_.rates;
    class_rates_[0] = Bucket(rates.normal.rate(), now());
    class_rates_[1] = Bucket(rates.high.rate(), now());
    class_rates_[2] = Bucket(rates.low.rate(), now());
    return open(std::string(*directory));
}

// A store that is damaged is put aside, whole, and the agent goes on with a new one: what others
// hand over from now on is worth more than the wait for somebody who restores it.
noa::Status Communication::open(const std::string& directory) {
    const std::string path = directory + "/communication.db";
    for (;;) {
        auto store = Store::open(path, settings_.store());
        const auto window =
            std::chrono::duration_cast<std::chrono::milliseconds>(settings_.dedup_window).count();
        auto loaded = store ? store->load(wall() - window, settings_.dedup_entries)
                            : Stored<Loaded>(store.error());
        if (loaded) {
            recover(*std::move(loaded));
            return open_workers(path, *std::move(store));
        }
        if (!is_damage(loaded.error()) || !quarantined_.empty()) {
            return loaded.error().failure();
        }
        if (store) {
            store->database().close();
        }
        const auto aside = put_aside(path, wall());
        if (!aside) {
            return loaded.error().failure();
        }
        quarantined_ = *aside;
        log(noa::Level::error, "store.quarantined",
            loaded.error().message() + "; it is kept as " + quarantined_ +
                "; messages that were not settled are in there, and are not delivered");
        static_cast<void>(publish("communication.quarantined",
                                  noa::json_body(noa::Json{{"path", quarantined_}})));
    }
}

noa::Status Communication::open_workers(const std::string& path, Store store) {
    auto reader = Reader::open(path, settings_.max_message_size.bytes);
    // Refused only when the generation is over, or 65,536 others wait: quiesce takes them.
    const auto ring = [this] { static_cast<void>(post([this] { take_done(); })); };
    auto writer = noa::sqlite::StoreWorker<Store>::open(std::move(store), ring);
    if (!reader || !writer) {
        return (reader ? writer.error() : reader.error()).failure();
    }
    reader_ = std::make_unique<noa::Worker<Reader>>(*std::move(reader), ring);
    writer_ = *std::move(writer);
    poster_ = endpoints_.empty() ? nullptr : std::make_unique<Poster>(ring);
    pump_soon();
    return {};
}

void Communication::recover(Loaded loaded) {
    store_name_ = loaded.name;
    secret_ = std::hash<std::string>()(store_name_);
    last_seq_ = loaded.last;
    last_created_ = loaded.newest;
    deliveries_ = std::make_unique<Deliveries>(*this, settings_.delivery(), turns_);
    std::random_device chance;
    seen_ = std::make_unique<Seen>(settings_.dedup_window, settings_.dedup_entries,
                                   std::uint64_t{chance()} << 32U | chance());
    for (const Known& known : loaded.known) {
        seen_->insert(known.id.empty() ? seen_->key("", known.cause)
                                       : seen_->key(known.sender, known.id),
                      now());
    }
    groups_.clear();
    for (const auto& [name, members] : loaded.groups) {
        const auto list = noa::Json::parse(members, nullptr, false);
        groups_[name] =
            list.is_array() ? list.get<std::vector<std::string>>() : std::vector<std::string>();
    }
    if (!loaded.open.empty()) {
        log(noa::Level::info, "store.recovered",
            std::to_string(loaded.open.size()) + " messages that were not settled go on");
    }
    for (MessagePtr& message : loaded.open) {
        deliveries_->add(std::move(message));
    }
}

void Communication::take_done() {
    if (writer_ != nullptr) {
        writer_->take_done();
    }
    if (reader_ != nullptr) {
        for (auto& done : reader_->take_done()) {
            done();
        }
    }
    if (poster_ != nullptr) {
        poster_->take_done();
    }
    if (deliveries_ && !host().stopping()) {
        deliveries_->pump();
        flush();
        give_memory_back();
    }
}

// The C library keeps what a long queue took, small pieces here and there, until somebody asks.
void Communication::give_memory_back() {
    constexpr std::uint64_t long_queue = 20'000;
    constexpr std::uint64_t short_again = 8;
    longest_ = std::max(longest_, deliveries_->size());
    if (longest_ >= long_queue && deliveries_->size() < longest_ / short_again) {
        longest_ = 0;
        ::malloc_trim(0);
    }
}

// What was staged is committed and answered. Attempts that are under way have been waited for by
// the host; what ends later is delivered again by the next generation, and says so.
noa::Status Communication::quiesce(noa::Time /*deadline*/) {
    if (writer_ == nullptr) {
        return {};
    }
    if (poster_ != nullptr) {
        poster_->finish(patience_with_endpoints);
        poster_->take_done();
    }
    if (!gathering_->empty()) {
        submit(std::exchange(gathering_, std::make_unique<Group>()));
    }
    reader_->finish();
    writer_->finish();
    take_done();
    turns_ = deliveries_->turns();
    poster_.reset();
    writer_.reset();
    reader_.reset();
    parked_.clear(); // redelivered to the next generation
    asked_.clear();
    takers_.clear();
    entry_takers_.clear();
    waiters_.clear(); // who waits goes on waiting with the next generation
    deliveries_.reset();
    return {};
}

void Communication::confirm() {
    if (writer_ == nullptr) {
        return;
    }
    noa::sqlite::confirm_on(*writer_, migrations, [this](const noa::sqlite::Error& error) {
        log(noa::Level::error, "migrate.failed", error.message());
    });
}

std::string Communication::id_of(const Message& message) const {
    return message.terms.id.empty() ? store_name_ + "-" + std::to_string(message.seq)
                                    : message.terms.id;
}

std::string Communication::stored_id(const std::string& id) const {
    return id.starts_with(store_name_ + "-") ? "#" + id.substr(store_name_.size() + 1) : id;
}

Millis Communication::wall() const {
    return millis(now()) + clock_offset_;
}

// A clock that was set forward is followed; one that was set back leaves the order of dates alone.
void Communication::look_at_clock() {
    const Millis offset = date_of_now() - millis(now());
    if (std::abs(offset - clock_offset_) > 1000) {
        log(noa::Level::info, "clock.set",
            "dates move by " + std::to_string(offset - clock_offset_) + " ms");
        clock_offset_ = offset;
    }
}

} // namespace communication
