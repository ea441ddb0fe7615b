#include <chrono>
#include <noa/sdk/json.hpp>

using namespace std::chrono_literals;

struct Settings {
    noa::Duration patience = 2s;
    static constexpr auto fields() {
        return noa::fields(noa::optional_field("patience", &Settings::patience));
    }
};

class Librarian final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "librarian",
        .version = "1.0.0",
        .settings_schema = R"({"type": "object", "properties": {"patience": {"type": "string"}}})",
        .state_schema = 1,
        .live_settings = true,
    };

    void setup(noa::Setup& setup) override {
        const auto take = [this](const Settings& settings) { settings_ = settings; };
        setup.settings<Settings>(take);
        // All of them can be taken while it runs: a reload is not needed.
        setup.live_settings<Settings>([](const Settings&) { return true; }, take);

        // Answered later, by what another agent answers; asked again while that one is busy or
        // away, left alone for a while when it stays so.
        setup.operation("find", [this](const noa::Request& query, noa::Responder responder) {
            request("cache", "get", query.body())
                .timeout(settings_.patience)
                .retry({.attempts = 4, .first_pause = 50ms})
                .breaker(cache_)
                .then([r = std::move(responder)](const noa::Reply& reply) mutable {
                    r.reply(reply);
                });
        });

        // Off the lane: at most two at a time, ten seconds each; the result is back on the lane.
        setup.tasks({.concurrency = 2, .queue = 100, .timeout = 10s});
        setup.operation("count", [this](const noa::Request& text, noa::Responder responder) {
            task([words = std::string(text.body())] { return std::to_string(words.size()); },
                 [r = std::move(responder)](const noa::Result<std::string>& size) mutable {
                     r.reply(size);
                 });
        });

        setup.subscribe("config.changed.>", [this](const noa::Event&) { ++changes_; });
        setup.every(1min, [this] { log(noa::Level::debug, "library.open"); });
        setup.health("shelves", noa::Weight::critical, [] { return noa::Health::healthy(); });
        setup.beat(30s);
    }

    noa::Status save(noa::StateWriter& state) override {
        state.number(changes_);
        return {};
    }
    noa::Status restore(noa::StateReader& state) override {
        changes_ = state.number();
        return {};
    }

private:
    Settings settings_;
    noa::CircuitBreaker cache_;
    std::uint64_t changes_ = 0;
};

NOA_PLUGIN(Librarian);
