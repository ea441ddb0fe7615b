#include "metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <map>
#include <set>

#include "json_reads.hpp"

namespace console {

namespace {

using noa::Json;
using Counts = Figures::Counts;

// What nobody can know: whatever is made of it is not known either.
constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

// Two rounds, and what lies between them.
struct Pair {
    const Figures& now;
    const Figures& before;

    [[nodiscard]] double seconds() const {
        return static_cast<double>(now.at() - before.at()) / 1000.0;
    }
    [[nodiscard]] double rise(const char* name, const Counts& counts = nullptr) const {
        const double risen =
            now.sum(name, counts).value_or(unknown) - before.sum(name, counts).value_or(unknown);
        return before.at() == 0 || seconds() <= 0 || risen < 0 ? unknown : risen;
    }
    [[nodiscard]] double rate(const char* name, const Counts& counts = nullptr) const {
        return rise(name, counts) / seconds();
    }
    [[nodiscard]] double level(const std::string& name, const Counts& counts = nullptr) const {
        return now.sum(name, counts).value_or(unknown);
    }
};

// Figures for people: four digits behind the point are enough.
Json shown(double value) {
    constexpr double digits = 10'000;
    constexpr double exact = 1e15;
    if (!std::isfinite(value)) {
        return {};
    }
    return value == std::floor(value) && std::abs(value) < exact
               ? Json(static_cast<std::int64_t>(value))
               : Json(std::round(value * digits) / digits);
}

double share(double part, double whole) {
    return whole == 0 ? part * 0 : part / whole;
}

Counts labelled(std::string name, std::string value) {
    return [name = std::move(name), value = std::move(value)](const Figure& figure) {
        return figure.label(name) == value;
    };
}

double busy_percent(const Pair& pair, const std::string& core) {
    const auto of_core = [&](const Figure& figure) {
        return core.empty() || figure.label("cpu") == core;
    };
    const double all = pair.rise("noa_system_cpu_seconds_total", of_core);
    const double idle = pair.rise("noa_system_cpu_seconds_total", [&](const Figure& figure) {
        const auto mode = figure.label("mode");
        return of_core(figure) && (mode == "idle" || mode == "iowait");
    });
    return 100 * share(all - idle, all);
}

Json cores_of(const Pair& pair) {
    std::set<std::string> names;
    for (const Figure& figure : pair.now.named("noa_system_cpu_seconds_total")) {
        names.emplace(figure.label("cpu"));
    }
    std::vector<std::string> sorted(names.begin(), names.end());
    std::ranges::sort(sorted, {}, [](const std::string& name) {
        return std::pair(name.size(), name); // "10" after "9"
    });
    Json cores = Json::array();
    for (const std::string& name : sorted) {
        cores.push_back(shown(busy_percent(pair, name)));
    }
    return cores;
}

Json file_systems_of(const Pair& pair) {
    Json all = Json::array();
    for (const Figure& figure : pair.now.named("noa_system_filesystem_size_bytes")) {
        const std::string path(figure.label("path"));
        const double free =
            pair.level("noa_system_filesystem_available_bytes", labelled("path", path));
        all.push_back({{"path", path},
                       {"size", shown(figure.value)},
                       {"available", shown(free)},
                       {"percent", shown(100 * share(figure.value - free, figure.value))}});
    }
    return all;
}

Json system_of(const Pair& pair) {
    const double total = pair.level("noa_system_memory_total_bytes");
    const double free = pair.level("noa_system_memory_available_bytes");
    const auto outside = [](const Figure& figure) { return figure.label("device") != "lo"; };
    return {{"cpu", shown(busy_percent(pair, ""))},
            {"cores", cores_of(pair)},
            {"memory",
             {{"total", shown(total)},
              {"available", shown(free)},
              {"used", shown(total - free)},
              {"percent", shown(100 * share(total - free, total))}}},
            {"load",
             {shown(pair.level("noa_system_load1")), shown(pair.level("noa_system_load5")),
              shown(pair.level("noa_system_load15"))}},
            {"network",
             {{"received", shown(pair.rate("noa_system_network_receive_bytes_total", outside))},
              {"sent", shown(pair.rate("noa_system_network_transmit_bytes_total", outside))}}},
            {"disk",
             {{"read", shown(pair.rate("noa_system_disk_read_bytes_total"))},
              {"written", shown(pair.rate("noa_system_disk_written_bytes_total"))}}},
            {"filesystems", file_systems_of(pair)}};
}

Json work_of(const Pair& pair, const Counts& counts) {
    const double handled = pair.rise("noa_agent_messages_handled_total", counts);
    const double failed = pair.rise("noa_agent_messages_failed_total", counts);
    const double busy = pair.rise("noa_agent_busy_seconds_total", counts);
    return {{"throughput", shown(handled / pair.seconds())},
            {"errorRate", shown(share(failed, handled))},
            {"latency", shown(1000 * share(busy, handled))},
            {"waiting", shown(pair.level("noa_agent_inbox_depth", counts))}};
}

double bound_of(std::string_view text) {
    double bound = std::numeric_limits<double>::infinity();
    static_cast<void>(std::from_chars(text.data(), text.data() + text.size(), bound));
    return bound;
}

// What of that share is not longer, in ms; `below`: how many are not, by bound in seconds. Within
// two bounds they lie evenly; what is beyond the last one is that.
double within_bounds(const std::map<double, double>& below, double part) {
    double start = 0;
    double before = 0;
    for (const auto& [bound, count] : below) {
        if (count >= part * below.rbegin()->second && std::isfinite(bound)) {
            start +=
                (bound - start) * share(part * below.rbegin()->second - before, count - before);
            break;
        }
        start = std::isfinite(bound) ? bound : start;
        before = count;
    }
    return 1000 * start;
}

// How long messages took between the two rounds; null when there were none.
Json percentiles_of(const Pair& pair, const Counts& counts) {
    static const std::string name = "noa_agent_message_seconds_bucket";
    std::map<double, double> below;
    for (const Figures* round : {&pair.now, &pair.before}) {
        for (const Figure& figure : round->named(name)) {
            if (!counts || counts(figure)) {
                below[bound_of(figure.label("le"))] +=
                    round == &pair.now ? figure.value : -figure.value;
            }
        }
    }
    if (pair.before.at() == 0 || below.empty() || std::isfinite(below.rbegin()->first) ||
        std::ranges::any_of(below, [](const auto& each) { return each.second < 0; }) ||
        below.rbegin()->second == 0) {
        return {};
    }
    return {{"p50", shown(within_bounds(below, 0.5))},
            {"p95", shown(within_bounds(below, 0.95))},
            {"p99", shown(within_bounds(below, 0.99))}};
}

Json application_of(const Pair& pair) {
    Json application = work_of(pair, nullptr);
    application["percentiles"] = percentiles_of(pair, nullptr);
    application["process"] = {{"cpu", shown(100 * pair.rate("process_cpu_seconds_total"))},
                              {"memory", shown(pair.level("process_resident_memory_bytes"))},
                              {"threads", shown(pair.level("process_threads"))},
                              {"descriptors", shown(pair.level("process_open_fds"))}};
    Json agents = Json::object();
    for (const Figure& figure : pair.now.named("noa_agent_up")) {
        const std::string agent(figure.label("agent"));
        agents[agent] = work_of(pair, labelled("agent", agent));
        agents[agent]["percentiles"] = percentiles_of(pair, labelled("agent", agent));
    }
    application["agents"] = std::move(agents);
    return application;
}

// What agents tell of their own work, by agent.
Json business_of(const Figures& now) {
    Json agents = Json::object();
    for (const auto& [name, figures] : now.all()) {
        if (name.starts_with("noa_agent_")) {
            continue;
        }
        for (const Figure& figure : figures) {
            if (figure.labels.size() == 1 && figure.labels.begin()->first == "agent") {
                agents[figure.labels.begin()->second][name] = shown(figure.value);
            }
        }
    }
    return agents;
}

} // namespace

std::string timestamp(std::int64_t unix_ms) {
    const std::time_t seconds = unix_ms / 1000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%FT%T", &parts);
    std::string out(text.data(), size);
    const std::string part = std::to_string(1000 + unix_ms % 1000);
    return out + "." + part.substr(1) + "Z";
}

Json metrics_of(const Figures& now, const Figures& before) {
    const Pair pair{now, before};
    return {{"timestamp", timestamp(now.at())},
            {"system", system_of(pair)},
            {"application", application_of(pair)},
            {"business", business_of(now)}};
}

Json point_of(const Json& metrics) {
    Json point = metrics;
    point.erase("business");
    point["system"].erase("cores");
    point["system"].erase("filesystems");
    point["application"].erase("agents");
    return point;
}

Json summary_of(const Json& metrics) {
    const Json& system = member_of(metrics, "system");
    const Json& application = member_of(metrics, "application");
    return {{"timestamp", member_of(metrics, "timestamp")},
            {"cpu", member_of(system, "cpu")},
            {"memory", member_of(member_of(system, "memory"), "percent")},
            {"errorRate", member_of(application, "errorRate")},
            {"latency", member_of(application, "latency")},
            {"throughput", member_of(application, "throughput")},
            {"percentiles", member_of(application, "percentiles")},
            {"waiting", member_of(application, "waiting")}};
}

} // namespace console
