// cache: values under keys, for other agents and for people.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <string>
#include <utility>

#include "messages.hpp"
#include "noa/sdk/json.hpp"
#include "store.hpp"

namespace cache {

using namespace std::chrono_literals;

constexpr std::size_t longest_key = 4096;
constexpr double longest_ttl_s = 10.0 * 365 * 86'400;
constexpr std::size_t expired_at_once = 10'000; // then others get their turn

double seconds(noa::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

noa::Status check_key(const std::string& key) {
    if (key.empty() || key.size() > longest_key) {
        return noa::invalid("/key: must have 1 to 4096 bytes");
    }
    return {};
}

class Cache final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "cache",
        .version = "1.0.0",
        .description = "Values under keys, with an end of life, within a bound",
        .settings_schema = settings_schema,
        .state_schema = 1,
    };

    void setup(noa::Setup& setup) override {
        setup.settings<Settings>([](const Settings& settings) { return check(settings); },
                                 [this](const Settings& settings) { take(settings); });
        setup.operation("get", {.summary = "The value of a key", .reply = get_reply_schema},
                        [this](const Key& request) { return get(request); });
        setup.operation("set", "Keeps a value under a key",
                        [this](const SetRequest& request) { return set(request); });
        setup.operation("delete", "Forgets a key",
                        [this](const Key& request) { return erase(request); });
        setup.operation("ttl", "How long a key has to live; changes it, too",
                        [this](const TtlRequest& request) { return ttl(request); });
        setup.operation("stats", "What the cache holds and how it did", [this] { return stats(); });
        setup.capability("cache");
        set_up_metrics(setup);
    }

    noa::Status start() override {
        watch_ends();
        return {};
    }
    noa::Status quiesce(noa::Time /*deadline*/) override {
        timer_ = 0; // ends with the generation
        return {};
    }

    noa::Status save(noa::StateWriter& state) override {
        const Figures& figures = store_.figures();
        for (const std::uint64_t figure :
             {figures.hits, figures.misses, figures.evictions, figures.expired}) {
            state.number(figure);
        }
        state.number(store_.entries());
        const noa::Time at = now();
        store_.each([&](const Entry& entry) {
            state.text(entry.key);
            state.text(entry.value);
            // What is left, at least 1 ns; 0 is without an end.
            state.signed_number(entry.end ? std::max<std::int64_t>((*entry.end - at).count(), 1)
                                          : 0);
        });
        return {};
    }
    noa::Status restore(noa::StateReader& state) override {
        Figures figures;
        for (std::uint64_t* figure :
             {&figures.hits, &figures.misses, &figures.evictions, &figures.expired}) {
            *figure = state.number();
        }
        for (std::uint64_t left = state.number(); left > 0 && state.ok(); --left) {
            const std::string key = state.text(longest_key);
            const std::string value = state.text(NOA_BODY_MAX);
            const auto rest = noa::Duration(state.signed_number());
            if (state.ok()) {
                // One that no longer fits the settings is let go, as eviction would have done.
                store_.set(key, value,
                           rest.count() > 0 ? std::optional(end_after(seconds(rest)))
                                            : std::nullopt);
            }
        }
        figures.evictions += store_.figures().evictions;
        store_.figures() = figures;
        return {};
    }

private:
    static noa::Status check(const Settings& settings) {
        if (settings.max_memory.bytes < 4096) {
            return noa::invalid("/max_memory: must be 4KiB or more");
        }
        if (settings.default_ttl && (*settings.default_ttl <= noa::Duration::zero() ||
                                     seconds(*settings.default_ttl) > longest_ttl_s)) {
            return noa::invalid("/default_ttl: must be above 0 and at most ten years");
        }
        return {};
    }
    void take(const Settings& settings) {
        default_ttl_ = settings.default_ttl;
        store_.limit({settings.max_memory.bytes, settings.max_entries});
    }

    noa::Result<noa::OwnedBody> get(const Key& request) {
        if (noa::Status valid = check_key(request.key); !valid) {
            return std::move(valid).error();
        }
        const Entry* entry = store_.get(request.key, now());
        if (entry == nullptr) {
            return noa::OwnedBody{R"({"found":false})", noa::json_content_type};
        }
        std::string body;
        body.reserve(entry->value.size() + 64);
        body.append(R"({"found":true,"value":)").append(entry->value);
        if (entry->end) {
            body.append(R"(,"ttl_s":)").append(noa::json_text(seconds(*entry->end - now())));
        }
        body += '}';
        return noa::OwnedBody{std::move(body), noa::json_content_type};
    }

    noa::Result<SetReply> set(const SetRequest& request) {
        if (noa::Status valid = check_key(request.key); !valid) {
            return std::move(valid).error();
        }
        noa::Result<std::optional<noa::Time>> end = end_of(request.ttl_s);
        if (!end) {
            return std::move(end).error();
        }
        if (!*end && default_ttl_) {
            *end = now() + *default_ttl_;
        }
        const std::uint64_t before = store_.figures().evictions;
        if (store_.set(request.key, noa::json_text(request.value), *end) != Store::Stored::yes) {
            return noa::too_large("the value is larger than max_memory, " +
                                  std::to_string(store_.limits().bytes) + " bytes");
        }
        watch_ends();
        return SetReply{store_.figures().evictions - before};
    }

    noa::Result<DeleteReply> erase(const Key& request) {
        if (noa::Status valid = check_key(request.key); !valid) {
            return std::move(valid).error();
        }
        return DeleteReply{store_.erase(request.key, now())};
    }

    noa::Result<TtlReply> ttl(const TtlRequest& request) {
        if (noa::Status valid = check_key(request.key); !valid) {
            return std::move(valid).error();
        }
        const noa::Result<std::optional<noa::Time>> end = end_of(request.ttl_s);
        if (!end) {
            return end.error();
        }
        if (*end && request.persist) {
            return noa::invalid("/persist: contradicts ttl_s");
        }
        if (*end || request.persist) {
            store_.change_end(request.key, *end, now());
            watch_ends();
        }
        const Entry* entry = store_.find(request.key, now());
        if (entry == nullptr) {
            return TtlReply{};
        }
        return TtlReply{true,
                        entry->end ? std::optional(seconds(*entry->end - now())) : std::nullopt};
    }

    Stats stats() const {
        const Figures& figures = store_.figures();
        return {store_.entries(), store_.bytes(), store_.limits().entries, store_.limits().bytes,
                figures.hits,     figures.misses, figures.evictions,       figures.expired};
    }

    noa::Result<std::optional<noa::Time>> end_of(std::optional<double> ttl_s) const {
        if (!ttl_s) {
            return std::optional<noa::Time>();
        }
        if (!(*ttl_s > 0) || *ttl_s > longest_ttl_s) {
            return noa::invalid("/ttl_s: must be above 0 and at most ten years");
        }
        return std::optional(end_after(*ttl_s));
    }
    noa::Time end_after(double ttl_s) const {
        const double bounded = std::min(ttl_s, longest_ttl_s);
        return now() +
               std::chrono::duration_cast<noa::Duration>(std::chrono::duration<double>(bounded));
    }

    // A timer only while something can die, and never faster than once a second: the dead are
    // not seen in the meantime, only not freed yet.
    void watch_ends() {
        const std::optional<noa::Time> end = store_.next_end();
        if (!end) {
            return;
        }
        const noa::Time at = std::max(*end, now() + 1s);
        if (timer_ != 0 && timer_at_ <= at) {
            return;
        }
        cancel(std::exchange(timer_, 0));
        if (const auto timer = after(at - now(), [this] { expire(); })) {
            timer_ = *timer;
            timer_at_ = at;
        } else {
            log(noa::Level::warning, "expiry.not_armed", timer.error().text);
        }
    }
    void expire() {
        timer_ = 0;
        const bool more = store_.expire(now(), expired_at_once);
        if (!more || !post([this] { expire(); })) {
            watch_ends();
        }
    }

    void set_up_metrics(noa::Setup& setup) {
        const auto figure = [this, &setup](const char* name, const char* help,
                                           std::uint64_t Figures::*member) {
            setup.counter(name, help, [this, member] { return store_.figures().*member; });
        };
        figure("hits_total", "Gets that found a value", &Figures::hits);
        figure("misses_total", "Gets that found none", &Figures::misses);
        figure("evictions_total", "Entries that made room for others", &Figures::evictions);
        figure("expired_total", "Entries whose time was over", &Figures::expired);
        setup.gauge("entries", "Entries held", [this] { return store_.entries(); });
        setup.gauge("bytes", "Memory they take", [this] { return store_.bytes(); });
    }

    Store store_;
    std::optional<noa::Duration> default_ttl_;
    noa::TimerId timer_ = 0; // 0: nothing can die
    noa::Time timer_at_{};
};

} // namespace cache

NOA_PLUGIN(cache::Cache);
