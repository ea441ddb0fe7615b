#include <optional>

#include "base/clock.hpp"
#include "harness/samples.hpp"
#include "reload/load.hpp"
#include "reload/tasks.hpp"

namespace noa::bench {

namespace {

using nlohmann::json;

const std::string target = "bench-target";
constexpr std::chrono::milliseconds warm_up{300};
// What a reload disturbs is over a little after it: caches, the scheduler's opinion of threads.
constexpr std::chrono::milliseconds after_effect{3};
constexpr unsigned first_reloads = 3; // not counted
constexpr std::uint64_t defer_one_in = 100;

struct Spans {
    std::vector<double> pause;
    std::vector<double> control;
    std::vector<double> silence;
    std::vector<double> control_silence;
    std::vector<double> hold;
    std::vector<double> whole;
};

// Where new versions come from; nothing of it when reloads are ordered.
struct Source {
    std::optional<PluginFile> file;
    std::optional<AgentEvents> events;
};

Result<Source> source_of(const Context& context, const Host& host) {
    Source source;
    if (context.arguments.at(2) != "file") {
        return source;
    }
    auto plugin = find_plugin(context, target);
    auto file = plugin ? PluginFile::read(*plugin, host.plugin_dir() / (target + ".so"))
                       : Result<PluginFile>(tl::unexpected(plugin.error()));
    auto events = AgentEvents::subscribe(host, target);
    if (!file || !events) {
        return tl::unexpected(!file ? file.error() : events.error());
    }
    source.file = std::move(*file);
    source.events = std::move(*events);
    return source;
}

Result<json> reload_once(Load& load, Source& source) {
    if (!source.file) {
        return order_reload(load.control(), target, true, "reloaded");
    }
    auto complete = source.file->overwrite_with_new_version();
    return complete ? source.events->await("reloaded")
                    : Result<json>(tl::unexpected(complete.error()));
}

// One reload, and as long a time without one. Their windows are looked at when all is over.
struct Turn {
    Window reload;
    Window control;
    double hold_ms = 0;
    double whole_ms = 0;
};

Result<Turn> take_turn(Load& load, Source& source) {
    Turn turn;
    turn.reload.begin_ns = monotonic_ns();
    auto outcome = reload_once(load, source);
    if (!outcome) {
        return tl::unexpected(outcome.error());
    }
    const auto length = monotonic_ns() - turn.reload.begin_ns;
    turn.whole_ms = static_cast<double>(length) / 1e6;
    turn.hold_ms = outcome->value("pause_ns", 0.0) / 1e6;
    if (auto ran = load.run_for(after_effect); !ran) {
        return tl::unexpected(ran.error());
    }
    turn.reload.end_ns = turn.control.begin_ns = monotonic_ns();
    const auto span = turn.reload.end_ns - turn.reload.begin_ns;
    if (auto ran = load.run_for(std::chrono::nanoseconds(span)); !ran) {
        return tl::unexpected(ran.error());
    }
    turn.control.end_ns = turn.control.begin_ns + span;
    return turn;
}

void put(Values& values, const std::string& what, std::vector<double>& of) {
    values[what + "_p50_ms"] = percentile(of, 50);
    values[what + "_p99_ms"] = percentile(of, 99);
}

Values look_at(const Ledger& ledger, const std::vector<Turn>& turns, double steady_ms) {
    Spans spans;
    for (const auto& turn : turns) {
        spans.pause.push_back(worst_delay_ms(ledger, turn.reload) - steady_ms);
        spans.control.push_back(worst_delay_ms(ledger, turn.control) - steady_ms);
        spans.silence.push_back(worst_silence_ms(ledger, turn.reload));
        spans.control_silence.push_back(worst_silence_ms(ledger, turn.control));
        spans.hold.push_back(turn.hold_ms);
        spans.whole.push_back(turn.whole_ms);
    }
    Values values;
    put(values, "pause", spans.pause);
    put(values, "control", spans.control);
    put(values, "silence", spans.silence);
    put(values, "control_silence", spans.control_silence);
    put(values, "hold", spans.hold);
    put(values, "whole", spans.whole);
    return values;
}

} // namespace

Result<Values> measure_reload_load(const Context& context) {
    const auto reloads = std::stoul(context.arguments.at(0));
    auto load = Load::begin(context, std::stoul(context.arguments.at(1)),
                            context.arguments.at(2) == "open" ? defer_one_in : 0);
    if (!load) {
        return tl::unexpected(load.error());
    }
    auto source = source_of(context, load->host());
    if (!source) {
        return tl::unexpected(source.error());
    }
    if (auto ran = load->run_for(warm_up); !ran) {
        return tl::unexpected(ran.error());
    }
    auto values = load->watch_steady(context.budget);
    if (!values) {
        return values;
    }
    std::vector<Turn> turns;
    for (unsigned i = 0; i < reloads + first_reloads; ++i) {
        auto turn = take_turn(*load, *source);
        if (!turn) {
            return tl::unexpected(turn.error());
        }
        if (i >= first_reloads) {
            turns.push_back(*turn);
        }
    }
    auto accounts = load->end();
    if (!accounts) {
        return accounts;
    }
    values->merge(look_at(load->ledger(), turns, values->at("steady_p50_us") / 1000));
    values->merge(*accounts);
    return values;
}

} // namespace noa::bench
