#include "agent.hpp"

#include <algorithm>
#include <utility>

#include "json_value.hpp"

namespace cache {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t upkeep_slice = 2000; // entries; then others get their turn
constexpr noa::Duration upkeep_pause = 100ms;
constexpr std::uint64_t arena_layout = format_magic; // the header has its version
constexpr std::uint64_t largest_image = 56U << 20U;  // hosts take some 64 MiB of state

} // namespace

void Cache::setup(noa::Setup& setup) {
    setup.settings<Settings>([](const Settings& settings) { return settings.check(); },
                             [this](const Settings& settings) { settings_ = settings; });
    set_up_values(setup);
    set_up_rest(setup);
    set_up_metrics(setup);
    set_up_snapshots(setup);
    set_up_tier(setup);
    setup.use(arena_);
    resp_.setup(setup);
    setup.capability("cache");
}

template <class Request, class Reply>
void Cache::routed(noa::Setup& setup, std::string_view name, std::string_view summary,
                   noa::Result<Reply> (Cache::*here)(const Request&),
                   void (Cache::*tiered)(const Request&, noa::Responder)) {
    setup.operation(name, {.summary = summary, .reply = noa::sdk::Codec<Reply>::schema()},
                    [this, here, tiered](const Request& request, noa::Responder responder) {
                        if (tier_.in_use()) {
                            (this->*tiered)(request, std::move(responder));
                        } else {
                            responder.reply((this->*here)(request));
                        }
                    });
}

void Cache::set_up_values(noa::Setup& setup) {
    setup.operation("get", {.summary = "The value of a key", .reply = get_reply_schema},
                    [this](const Key& request, noa::Responder responder) {
                        if (tier_.in_use()) {
                            tiered_get(request, std::move(responder));
                        } else {
                            responder.reply(get(request));
                        }
                    });
    routed(setup, "set", "Keeps a value under a key", &Cache::set, &Cache::tiered_set);
    const std::string many = noa::sdk::Codec<GetManyRequest>::schema();
    setup.operation(
        "get_many",
        {.summary = "The values of many keys", .request = many, .reply = get_many_reply_schema},
        [this](const noa::Request& request, noa::Responder responder) {
            if (tier_.in_use()) {
                tiered_get_many(request, std::move(responder));
            } else {
                responder.reply(get_many(request.content_type(), request.body()));
            }
        });
    const std::string values = noa::sdk::Codec<SetManyRequest>::schema();
    const std::string stored = noa::sdk::Codec<SetManyReply>::schema();
    setup.operation("set_many",
                    {.summary = "Keeps many values", .request = values, .reply = stored},
                    [this](const noa::Request& request, noa::Responder responder) {
                        if (tier_.in_use()) {
                            tiered_set_many(request, std::move(responder));
                        } else {
                            responder.reply(set_many(request));
                        }
                    });
    routed(setup, "delete", "Forgets a key", &Cache::erase, &Cache::tiered_erase);
    routed(setup, "expire", "Gives a key an end", &Cache::expire, &Cache::tiered_expire);
    routed(setup, "ttl", "How long a key has to live; changes it, too", &Cache::ttl,
           &Cache::tiered_ttl);
    routed(setup, "increment", "Adds to a whole number", &Cache::increment,
           &Cache::tiered_increment);
}

void Cache::set_up_rest(noa::Setup& setup) {
    setup.operation(
        "get_or_load",
        {.summary = "The value of a key; one of those who miss it is to load it",
         .reply = load_reply_schema},
        [this](const LoadRequest& request, const noa::Request& message, noa::Responder responder) {
            get_or_load(request, message, std::move(responder));
        });
    setup.operation("fail", "A load failed: tells all who wait for it",
                    [this](const FailRequest& request) { return fail(request); });
    setup.operation("keys", {.summary = "A part of the keys", .reply = keys_reply_schema},
                    [this](const KeysRequest& request) { return keys(request); });
    routed(setup, "flush", "Forgets a namespace", &Cache::flush, &Cache::tiered_flush);
    setup.operation("invalidate", "Forgets what was set with a tag",
                    [this](const InvalidateRequest& request) { return invalidate(request); });
    setup.operation("stats",
                    {.summary = "What the cache holds and how it did", .reply = stats_reply_schema},
                    [this] { return stats(); });
    setup.operation("hot_keys", {.summary = "The keys asked for most", .reply = top_reply_schema},
                    [this](const TopRequest& request) { return hot_keys(request); });
    setup.operation("big_keys",
                    {.summary = "The keys that take most memory", .reply = top_reply_schema},
                    [this](const TopRequest& request, noa::Responder responder) {
                        big_keys(request, std::move(responder));
                    });
}

// What lies in the arena is read-only until this has returned.
noa::Status Cache::start() {
    if (noa::Status made = make_store(); !made) {
        return made;
    }
    if (std::exchange(fresh_, false) && settings_.snapshot_every) {
        load_snapshot();
    }
    keeping_up_ = false;
    if (noa::Status opened = resp_.start(host(), kept_, settings_.resp()); !opened) {
        return opened;
    }
    if (!settings_.tier.empty()) {
        if (noa::Status started = tier_.start(settings_.tier_settings()); !started) {
            return started;
        }
    }
    if (noa::Status posted = post([this] { settle_in(); }); !posted) {
        return posted;
    }
    return {};
}

void Cache::settle_in() {
    apply_settings();
    watch();
    end_leases();
    arm_snapshots();
    resp_.serve();
}

noa::Status Cache::quiesce(noa::Time deadline) {
    resp_.quiesce(deadline);
    tier_.stop();
    reads_.clear(); // who waits is left to the next generation
    changing_.clear();
    if (arena_.is_open()) {
        if (noa::Status closed = arena_.close(); !closed) {
            return closed;
        }
        kept_.with([](Opened& kept) { kept = {}; });
    }
    upkeep_ = leases_timer_ = 0; // they end with the generation
    return {};
}

noa::Status Cache::make_store() {
    if (arena_.is_offered()) {
        return open_arena();
    }
    return make_private_store();
}

noa::Status Cache::make_private_store() {
    return kept_.with([this](Opened& kept) -> noa::Status {
        if (kept.store) {
            return {};
        }
        auto region = PrivateRegion::map(Store::region_bytes(settings_.limits()));
        if (!region) {
            return std::move(region).error();
        }
        auto store = Store::format(**region, settings_.limits(), instant());
        if (!store) {
            return std::move(store).error();
        }
        kept = {std::move(*region), std::move(*store)};
        fresh_ = true;
        return {};
    });
}

noa::Status Cache::open_arena() {
    return kept_.with([this](Opened& kept) -> noa::Status {
        if (kept.store) { // restored from elsewhere, into memory of this process
            const Opened before = std::move(kept);
            kept = {};
            if (noa::Status begun = begin_arena(before.region->size()); !begun) {
                return begun;
            }
            kept.region = std::make_unique<ArenaRegion>(arena_);
            auto copied = copy_store(*before.store, *before.region, *kept.region);
            return copied ? (kept.store = std::move(*copied), noa::Status()) : copied.error();
        }
        const auto found = arena_.open(arena_layout, page_bytes);
        if (!found) {
            return found.error();
        }
        if (found->holds(arena_layout)) {
            kept.region = std::make_unique<ArenaRegion>(arena_);
            if (auto store = Store::open(*kept.region)) {
                kept.store = std::move(*store);
                return {};
            }
            kept = {};
        }
        if (found->condition == noa::Arena::Condition::dirty) {
            log(noa::Level::warning, "arena.dirty", "what a crash left is not used");
        }
        if (noa::Status begun = begin_arena(0); !begun) {
            return begun;
        }
        kept.region = std::make_unique<ArenaRegion>(arena_);
        auto store = Store::format(*kept.region, settings_.limits(), instant());
        fresh_ = store.has_value();
        return store ? (kept.store = std::move(*store), noa::Status()) : store.error();
    });
}

// As large as it should be, or, within the agent's limit, as it has to be.
noa::Status Cache::begin_arena(std::uint64_t least) {
    const std::uint64_t wanted = std::max(Store::region_bytes(settings_.limits()), least);
    const std::uint64_t needed = std::max(settings_.limits().bytes * 9 / 8 + (1U << 20U), least);
    auto begun = arena_.begin_anew(arena_layout, wanted);
    if (!begun && begun.error().status == NOA_E_TOO_LARGE) {
        begun = arena_.begin_anew(arena_layout, needed / page_bytes * page_bytes);
    }
    return begun ? noa::Status() : noa::Status(begun.error());
}

void Cache::apply_settings() {
    with([this](Store& store) {
        store.limit(settings_.limits());
        for (std::size_t space = 0; space < most_spaces; ++space) {
            store.quota(static_cast<SpaceId>(space), 0);
        }
        for (const auto& [name, quota] : settings_.namespaces) {
            if (const auto space = store.make_space(name)) {
                store.quota(*space, quota.bytes);
            } else {
                log(noa::Level::warning, "namespace.no_room", name);
            }
        }
    });
}

noa::Status Cache::save(noa::StateWriter& state) {
    leases_.save(state);
    kept_.with([&](const Opened& kept) {
        const std::uint64_t bytes = kept.store ? image_bytes(*kept.store) : 0;
        const bool image = kept.store && bytes <= largest_image;
        state.number(image ? 1 : 0);
        if (image) {
            save_image(*kept.store, *kept.region, state);
        } else if (kept.store) {
            log(noa::Level::warning, "state.too_large",
                std::to_string(bytes) + " bytes are not handed on: the cache begins empty");
        }
    });
    return {};
}

noa::Status Cache::restore(noa::StateReader& state) {
    leases_.forget();
    fresh_ = false;
    kept_.with([](Opened& kept) { kept = {}; });
    if (state.schema() == 1) {
        return restore_first_schema(state);
    }
    leases_.restore(state);
    if (state.number() == 0 && state.ok()) {
        return {};
    }
    auto opened = load_image(state, settings_.limits());
    if (!opened) {
        return std::move(opened).error();
    }
    kept_.with([&](Opened& kept) { kept = std::move(*opened); });
    return {};
}

// Four figures, then {key, JSON text, what is left in ns}, the least recently used first.
noa::Status Cache::restore_first_schema(noa::StateReader& state) {
    if (noa::Status made = make_private_store(); !made) {
        return made;
    }
    fresh_ = false;
    for (unsigned figure = 0; figure < 4; ++figure) {
        static_cast<void>(state.number());
    }
    const Instant at = instant();
    for (std::uint64_t left = state.number(); left > 0 && state.ok(); --left) {
        const std::string key = state.text(longest_bus_key);
        const std::string text = state.text(NOA_BODY_MAX);
        const auto rest = noa::Duration(state.signed_number());
        const auto value = noa::parse_json(text);
        if (state.ok() && value) {
            const Encoded encoded = encode(*value);
            SetOptions options{.type = encoded.type};
            if (rest.count() > 0) {
                options.end = at + std::chrono::ceil<Instant>(rest);
            }
            with([&](Store& store) { store.set(0, key, encoded.bytes, options, at); });
        }
    }
    return {};
}

// Never faster than each 100 ms: the dead are not seen in the meantime, only not freed yet.
void Cache::watch() {
    const auto due = with([](const Store& store) { return store.next_due(); });
    if (!due || keeping_up_) {
        return;
    }
    const noa::Time at = std::max(noa::Time(*due), now() + upkeep_pause);
    if (upkeep_ != 0 && upkeep_at_ <= at) {
        return;
    }
    cancel(std::exchange(upkeep_, 0));
    if (const auto timer = after(at - now(), [this] {
            upkeep_ = 0;
            keep_up();
        })) {
        upkeep_ = *timer;
        upkeep_at_ = at;
    } else {
        log(noa::Level::warning, "upkeep.not_armed", timer.error().text);
    }
}

void Cache::keep_up() {
    keeping_up_ = false;
    const bool more = with([this](Store& store) { return store.upkeep(instant(), upkeep_slice); });
    if (more && post([this] { keep_up(); })) {
        keeping_up_ = true;
    } else {
        watch();
    }
}

} // namespace cache
