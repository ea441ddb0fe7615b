#include "settings.hpp"

#include <set>
#include <string_view>

#include "../traces/otlp.hpp"

namespace monitor {

namespace {

constexpr std::uint64_t most_rounds = 100'000;
constexpr std::uint64_t most_bytes = 48U << 20U; // goes from one generation to the next, too

} // namespace

noa::Status Settings::check() const {
    using namespace std::chrono_literals;
    if (interval < 1s || interval > 1h) {
        return noa::invalid("/interval: must be 1s to 1h");
    }
    if (retention < interval || retention / interval > static_cast<std::int64_t>(most_rounds)) {
        return noa::invalid("/retention: must be 1 to 100000 intervals");
    }
    const SeriesBounds bounds = series();
    if (bounds.rounds * bounds.series * sizeof(double) > most_bytes) {
        return noa::invalid("/retention: with /interval and /max_series it may take over 48MiB");
    }
    if (days.every < 1s || days.max_size.bytes < (1U << 20U)) {
        return noa::invalid("/days: every must be 1s, max_size 1MiB at least");
    }
    if (!control_socket.empty() && control_socket.front() != '/') {
        return noa::invalid("/control_socket: must be absolute, or \"\"");
    }
    if (repeat < 1min || repeat > 7 * 24h) {
        return noa::invalid("/repeat: must be 1min to 7d");
    }
    if (noa::Status usable = traces.check(); !usable) {
        return usable;
    }
    for (const noa::Status& usable :
         {check_checks(), check_rules(), check_channels(), check_criteria()}) {
        if (!usable) {
            return usable;
        }
    }
    return {};
}

noa::Status TraceSettings::check() const {
    using namespace std::chrono_literals;
    if (!otlp.empty() && !is_collector_url(otlp)) {
        return noa::invalid("/traces/otlp: must be http://HOST… or https://HOST…, without a user");
    }
    if (!ca.empty() && ca.front() != '/') {
        return noa::invalid("/traces/ca: must be absolute, or \"\"");
    }
    if (authorization.find_first_of("\r\n") != std::string::npos) {
        return noa::invalid("/traces/authorization: must be one line");
    }
    if (interval < 100ms || interval > 10min || timeout < 100ms || timeout > 5min) {
        return noa::invalid("/traces: interval must be 100ms to 10min, timeout 100ms to 5min");
    }
    return {};
}

noa::Status Settings::check_criteria() const {
    for (std::size_t at = 0; at < verify.size(); ++at) {
        if (const noa::Status usable = verify[at].check(); !usable) {
            return noa::invalid("/verify/" + std::to_string(at) + usable.error().text);
        }
    }
    return {};
}

noa::Status Settings::check_channels() const {
    std::set<std::string_view> names;
    for (std::size_t at = 0; at < channels.size(); ++at) {
        const noa::Status usable = channels[at].check();
        const bool known = !names.insert(channels[at].name).second;
        if (!usable || known) {
            return noa::invalid("/channels/" + std::to_string(at) +
                                (usable ? "/name: comes twice" : usable.error().text));
        }
    }
    return {};
}

noa::Status Settings::check_rules() const {
    std::set<std::string_view> names;
    for (std::size_t at = 0; at < rules.size(); ++at) {
        noa::Status usable = rules[at].check();
        if (usable && rules[at].heal.wanted()) {
            const noa::Status heal = rules[at].heal.check(false);
            usable = heal ? noa::Status() : noa::invalid("/heal" + heal.error().text);
        }
        const bool known = !names.insert(rules[at].name).second;
        if (!usable || known) {
            return noa::invalid("/rules/" + std::to_string(at) +
                                (usable ? "/name: comes twice" : usable.error().text));
        }
    }
    return {};
}

noa::Status Settings::check_checks() const {
    std::set<std::string_view> names;
    for (std::size_t at = 0; at < checks.size(); ++at) {
        noa::Status usable = checks[at].check();
        if (usable && checks[at].on_failure.wanted()) {
            const noa::Status heal = checks[at].on_failure.check(true);
            usable = heal ? noa::Status() : noa::invalid("/on_failure" + heal.error().text);
        }
        const bool known = !names.insert(checks[at].name).second;
        if (!usable || known) {
            return noa::invalid("/checks/" + std::to_string(at) +
                                (usable ? "/name: comes twice" : ": " + usable.error().text));
        }
    }
    return {};
}

SeriesBounds Settings::series() const {
    SeriesBounds bounds;
    bounds.rounds = static_cast<std::size_t>(retention / interval);
    bounds.series = max_series;
    bounds.per_name = max_series_of_name;
    return bounds;
}

} // namespace monitor
