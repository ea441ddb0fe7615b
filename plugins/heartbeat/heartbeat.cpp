// heartbeat: beats every so often, and tells when somebody else has stopped.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "beats.hpp"
#include "noa/sdk/json.hpp"

namespace heartbeat {

using namespace std::chrono_literals;

constexpr noa::Duration shortest = 1s;
constexpr noa::Duration longest = std::chrono::hours(24);

struct Settings {
    noa::Duration interval = 30s;
    std::uint32_t missed_after = 3;
    std::uint32_t max_agents = 1000;

    static constexpr auto fields() {
        return noa::fields(noa::optional_field("interval", &Settings::interval),
                           noa::optional_field("missed_after", &Settings::missed_after),
                           noa::optional_field("max_agents", &Settings::max_agents));
    }
};

// The body of heartbeat.beat.NAME; who does not say how often is taken to beat as we do.
struct Beat {
    std::optional<double> interval_s;
    static constexpr auto fields() {
        return noa::fields(noa::field("interval_s", &Beat::interval_s));
    }
};

struct Watch {
    std::string agent;
    std::optional<noa::Duration> interval;
    static constexpr auto fields() {
        return noa::fields(noa::field("agent", &Watch::agent, "name of the agent"),
                           noa::field("interval", &Watch::interval, "how often it beats"));
    }
};

struct Forget {
    std::string agent;
    static constexpr auto fields() {
        return noa::fields(noa::field("agent", &Forget::agent, "name of the agent"));
    }
};

struct Listed {
    std::string agent;
    std::string status; // beating, missed
    double interval_s = 0;
    double last_seen_s = 0;
    std::uint64_t beats = 0;

    static constexpr auto fields() {
        return noa::fields(noa::field("agent", &Listed::agent),
                           noa::field("status", &Listed::status, "beating or missed"),
                           noa::field("interval_s", &Listed::interval_s),
                           noa::field("last_seen_s", &Listed::last_seen_s, "seconds ago"),
                           noa::field("beats", &Listed::beats));
    }
};

struct List {
    std::vector<Listed> agents;
    static constexpr auto fields() { return noa::fields(noa::field("agents", &List::agents)); }
};

double seconds(noa::Duration duration) {
    return std::chrono::duration<double>(duration).count();
}

class Heartbeat final : public noa::Agent {
public:
    static constexpr noa::PluginInfo info{
        .id = "heartbeat",
        .version = "1.0.0",
        .description = "Beats, and notices who has stopped beating",
        .settings_schema = R"({
            "type": "object", "additionalProperties": false,
            "properties": {
                "interval": {"type": "string", "pattern": "^([0-9]+(ms|s|m|min|h|d))+$",
                             "default": "30s", "description": "between two beats"},
                "missed_after": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 3,
                                 "description": "intervals without a beat"},
                "max_agents": {"type": "integer", "minimum": 1, "maximum": 100000,
                               "default": 1000, "description": "names that are tracked"}}})",
        .state_schema = 1,
    };

    void setup(noa::Setup& setup) override {
        setup.settings<Settings>(check, [this](const Settings& settings) { take(settings); });
        setup.subscribe("heartbeat.beat.>", [this](const Beat& beat, const noa::Event& event) {
            on_beat(beat, event);
        });
        setup.operation("list", "Everybody who beats or should", [this] { return list(); });
        setup.operation("watch", "Expects beats of an agent that may not have begun",
                        [this](const Watch& request) { return watch(request); });
        setup.operation("forget", "Expects no more beats of an agent",
                        [this](const Forget& request) { return forget(request); });
        setup.event(subject_of_own(), {.summary = "This agent beats"});
        setup.event("heartbeat.missed.NAME", {.summary = "NAME has stopped beating"});
        setup.event("heartbeat.recovered.NAME", {.summary = "NAME beats again"});
        setup.counter("beats_seen_total", "Beats of anybody", seen_);
        setup.counter("beats_refused_total", "Beats beyond max_agents, or without a name",
                      refused_);
        setup.counter("missed_total", "Agents that stopped beating", missed_);
        setup.gauge("agents", "Agents that are tracked", [this] { return beats_.all().size(); });
        setup.health("beats", noa::Weight::minor, [this] { return health(); });
        setup.capability("heartbeat");
    }

    noa::Status start() override {
        beat();
        const auto timer = every(settings_.interval, [this] { beat(); });
        expect();
        return timer ? noa::Status() : timer.error();
    }
    noa::Status quiesce(noa::Time /*deadline*/) override {
        expecting_ = 0; // timers end with the generation
        return {};
    }

    // Ages, not times: the reader's clock may be another one.
    noa::Status save(noa::StateWriter& state) override {
        state.number(beats_.all().size());
        for (const auto& [name, beater] : beats_.all()) {
            state.text(name);
            state.signed_number(beater.interval.count());
            state.signed_number((now() - beater.last).count());
            state.number(beater.beats);
            state.number(beater.missed ? 1 : 0);
        }
        return {};
    }
    noa::Status restore(noa::StateReader& state) override {
        for (std::uint64_t left = state.number(); left > 0 && state.ok(); --left) {
            std::string name = state.text(NOA_SUBJECT_MAX);
            Beater beater;
            beater.interval = std::clamp(noa::Duration(state.signed_number()), shortest, longest);
            beater.last = now() - std::clamp(noa::Duration(state.signed_number()),
                                             noa::Duration::zero(), 1000 * longest);
            beater.beats = state.number();
            beater.missed = state.number() != 0;
            if (state.ok()) {
                beats_.put(std::move(name), beater);
            }
        }
        return {};
    }

private:
    static noa::Status check(const Settings& settings) {
        if (settings.interval < shortest || settings.interval > longest) {
            return noa::invalid("/interval: must be between 1s and 1d");
        }
        return {};
    }
    void take(const Settings& settings) {
        settings_ = settings;
        beats_.limit(settings.max_agents, settings.missed_after);
    }

    [[nodiscard]] std::string subject_of_own() const {
        return "heartbeat.beat." + std::string(name());
    }
    void beat() {
        const auto body = noa::json_body(Beat{seconds(settings_.interval)});
        if (const auto sent = publish(subject_of_own(), body); !sent) {
            log(noa::Level::warning, "beat.refused", sent.error().text);
        }
    }

    void on_beat(const Beat& beat, const noa::Event& event) {
        const std::string_view name = name_of(event);
        noa::Duration interval = settings_.interval;
        if (beat.interval_s) {
            const double bounded =
                std::clamp(*beat.interval_s, seconds(shortest), seconds(longest));
            interval =
                std::chrono::duration_cast<noa::Duration>(std::chrono::duration<double>(bounded));
        }
        if (!is_name(name) || !beats_.watch(name, interval, now())) {
            refused_.add();
            return;
        }
        seen_.add();
        if (beats_.beat(name, now())) {
            tell("heartbeat.recovered.", name);
        }
        if (expecting_ == 0 || beats_.due(name) < expected_) {
            expect();
        }
    }

    // The host says who published; an outside program has only the subject to say it.
    static std::string_view name_of(const noa::Event& event) {
        constexpr std::string_view prefix = "heartbeat.beat.";
        return event.from() == "outside" ? event.subject().substr(prefix.size()) : event.from();
    }

    List list() const {
        List list;
        for (const auto& [name, beater] : beats_.all()) {
            list.agents.push_back({name, beater.missed ? "missed" : "beating",
                                   seconds(beater.interval), seconds(now() - beater.last),
                                   beater.beats});
        }
        return list;
    }

    noa::Status watch(const Watch& request) {
        const noa::Duration interval = request.interval.value_or(settings_.interval);
        if (!is_name(request.agent)) {
            return noa::invalid("/agent: is not the name of an agent");
        }
        if (interval < shortest || interval > longest) {
            return noa::invalid("/interval: must be between 1s and 1d");
        }
        if (!beats_.watch(request.agent, interval, now())) {
            return noa::busy("max_agents are watched already");
        }
        expect();
        return {};
    }
    noa::Status forget(const Forget& request) {
        if (!beats_.forget(request.agent)) {
            return noa::not_found(request.agent + " is not watched");
        }
        return {};
    }
    static bool is_name(std::string_view name) {
        return !name.empty() && name.size() <= NOA_AGENT_NAME_MAX && name.front() != '-' &&
               name.front() != '_' &&
               name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") ==
                   std::string_view::npos;
    }

    // One timer for all, at the next moment when somebody would be missed. A beat mostly moves
    // that moment away, so it is looked at again only when the timer fires.
    void expect() {
        const auto due = beats_.next_due();
        cancel(std::exchange(expecting_, 0));
        if (!due) {
            return;
        }
        if (const auto timer =
                after(std::max(*due - now(), noa::Duration::zero()), [this] { miss(); })) {
            expecting_ = *timer;
            expected_ = *due;
        } else {
            log(noa::Level::error, "expect.failed", timer.error().text);
        }
    }
    void miss() {
        expecting_ = 0;
        for (const std::string& name : beats_.take_missed(now())) {
            missed_.add();
            log(noa::Level::warning, "beat.missed", name);
            tell("heartbeat.missed.", name);
        }
        expect();
    }
    void tell(std::string_view what, std::string_view name) {
        const std::string subject = std::string(what).append(name);
        const Beater& beater = beats_.all().find(name)->second;
        const noa::Json body{{"agent", name},
                             {"interval_s", seconds(beater.interval)},
                             {"last_seen_s", seconds(now() - beater.last)}};
        if (const auto sent = publish(subject, noa::json_body(body)); !sent) {
            log(noa::Level::warning, "event.refused", sent.error().text);
        }
    }

    noa::Health health() const {
        const std::size_t missed = beats_.missed();
        return missed == 0 ? noa::Health::healthy()
                           : noa::Health::needs_repair(std::to_string(missed) +
                                                       " agents have stopped beating");
    }

    Settings settings_;
    Beats beats_;
    noa::TimerId expecting_ = 0; // 0: nobody can be missed
    noa::Time expected_{};       // when it fires
    noa::Counter seen_;
    noa::Counter refused_;
    noa::Counter missed_;
};

} // namespace heartbeat

NOA_PLUGIN(heartbeat::Heartbeat);
