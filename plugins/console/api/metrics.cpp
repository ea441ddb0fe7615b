#include "metrics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <limits>
#include <set>

#include "json_reads.hpp"

namespace console {

namespace {

using noa::Json;
using Counts = Figures::Counts;

// Two rounds, and what lies between them.
struct Pair {
    const Figures& now;
    const Figures& before;

    [[nodiscard]] double seconds() const {
        return static_cast<double>(now.at() - before.at()) / 1000.0;
    }
    [[nodiscard]] std::optional<double> rise(const char* name, const Counts& counts) const {
        const auto end = now.sum(name, counts);
        const auto begin = before.sum(name, counts);
        if (!end || !begin || before.at() == 0 || seconds() <= 0 || *end < *begin) {
            return std::nullopt;
        }
        return *end - *begin;
    }
    [[nodiscard]] std::optional<double> rate(const char* name,
                                             const Counts& counts = nullptr) const {
        const auto risen = rise(name, counts);
        return risen ? std::optional(*risen / seconds()) : std::nullopt;
    }
};

// Figures for people: four digits behind the point are enough.
Json shown(std::optional<double> value) {
    constexpr double digits = 10'000;
    const double number = value.value_or(std::numeric_limits<double>::quiet_NaN());
    if (!std::isfinite(number)) {
        return {};
    }
    constexpr double exact = 1e15;
    return number == std::floor(number) && std::abs(number) < exact
               ? Json(static_cast<std::int64_t>(number))
               : Json(std::round(number * digits) / digits);
}

std::optional<double> share(std::optional<double> part, std::optional<double> whole) {
    if (!part || !whole) {
        return std::nullopt;
    }
    return whole.value_or(0) <= 0 ? 0 : part.value_or(0) / whole.value_or(1);
}

std::optional<double> percent(std::optional<double> part, std::optional<double> whole) {
    const auto value = share(part, whole);
    return value ? std::optional(*value * 100) : std::nullopt;
}

Counts labelled(std::string name, std::string value) {
    return [name = std::move(name), value = std::move(value)](const Figure& figure) {
        return figure.label(name) == value;
    };
}

std::optional<double> busy_percent(const Pair& pair, const std::string& core) {
    const auto of_core = [&](const Figure& figure) {
        return core.empty() || figure.label("cpu") == core;
    };
    const auto all = pair.rise("noa_system_cpu_seconds_total", of_core);
    const auto idle = pair.rise("noa_system_cpu_seconds_total", [&](const Figure& figure) {
        const auto mode = figure.label("mode");
        return of_core(figure) && (mode == "idle" || mode == "iowait");
    });
    return all && idle ? percent(*all - *idle, all) : std::nullopt;
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

Json file_systems_of(const Figures& now) {
    Json all = Json::array();
    for (const Figure& figure : now.named("noa_system_filesystem_size_bytes")) {
        const std::string path(figure.label("path"));
        const auto free = now.sum("noa_system_filesystem_available_bytes", labelled("path", path));
        const auto used = free ? std::optional(figure.value - *free) : std::nullopt;
        all.push_back({{"path", path},
                       {"size", figure.value},
                       {"available", shown(free)},
                       {"percent", shown(percent(used, figure.value))}});
    }
    return all;
}

Json system_of(const Pair& pair) {
    const Figures& now = pair.now;
    const auto total = now.sum("noa_system_memory_total_bytes");
    const auto free = now.sum("noa_system_memory_available_bytes");
    const auto used = total && free ? std::optional(*total - *free) : std::nullopt;
    const auto not_loopback = [](const Figure& figure) { return figure.label("device") != "lo"; };
    return {
        {"cpu", shown(busy_percent(pair, ""))},
        {"cores", cores_of(pair)},
        {"memory",
         {{"total", shown(total)},
          {"available", shown(free)},
          {"used", shown(used)},
          {"percent", shown(percent(used, total))}}},
        {"load",
         {shown(now.sum("noa_system_load1")), shown(now.sum("noa_system_load5")),
          shown(now.sum("noa_system_load15"))}},
        {"network",
         {{"received", shown(pair.rate("noa_system_network_receive_bytes_total", not_loopback))},
          {"sent", shown(pair.rate("noa_system_network_transmit_bytes_total", not_loopback))}}},
        {"disk",
         {{"read", shown(pair.rate("noa_system_disk_read_bytes_total"))},
          {"written", shown(pair.rate("noa_system_disk_written_bytes_total"))}}},
        {"filesystems", file_systems_of(now)}};
}

Json work_of(const Pair& pair, const Counts& counts) {
    const auto handled = pair.rise("noa_agent_messages_handled_total", counts);
    const auto failed = pair.rise("noa_agent_messages_failed_total", counts);
    const auto busy = pair.rise("noa_agent_busy_seconds_total", counts);
    const auto latency = share(busy, handled);
    return {{"throughput", shown(pair.rate("noa_agent_messages_handled_total", counts))},
            {"errorRate", shown(share(failed, handled))},
            {"latency", shown(latency ? std::optional(*latency * 1000) : std::nullopt)},
            {"waiting", shown(pair.now.sum("noa_agent_inbox_depth", counts))}};
}

// How long messages of the agent communication take to be acknowledged, in ms.
Json percentiles_of(const Figures& now) {
    Json all = Json::object();
    for (const char* name : {"p50", "p95", "p99"}) {
        const auto seconds =
            now.sum("noa_communication_delivery_" + std::string(name) + "_seconds");
        if (!seconds) {
            return {};
        }
        all[name] = shown(*seconds * 1000);
    }
    return all;
}

Json application_of(const Pair& pair) {
    Json application = work_of(pair, nullptr);
    application["percentiles"] = percentiles_of(pair.now);
    const auto cpu = pair.rate("process_cpu_seconds_total");
    application["process"] = {{"cpu", shown(cpu ? std::optional(*cpu * 100) : std::nullopt)},
                              {"memory", shown(pair.now.sum("process_resident_memory_bytes"))},
                              {"threads", shown(pair.now.sum("process_threads"))},
                              {"descriptors", shown(pair.now.sum("process_open_fds"))}};
    Json agents = Json::object();
    for (const Figure& figure : pair.now.named("noa_agent_up")) {
        const std::string agent(figure.label("agent"));
        agents[agent] = work_of(pair, labelled("agent", agent));
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
    return {{"cpu", member_of(system, "cpu")},
            {"memory", member_of(member_of(system, "memory"), "percent")},
            {"errorRate", member_of(application, "errorRate")},
            {"latency", member_of(application, "latency")},
            {"throughput", member_of(application, "throughput")},
            {"percentiles", member_of(application, "percentiles")},
            {"waiting", member_of(application, "waiting")}};
}

} // namespace console
