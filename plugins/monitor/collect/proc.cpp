#include "proc.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

namespace monitor {

namespace {

constexpr double sector = 512; // of /proc/diskstats, whatever the device's own
constexpr double kib = 1024;

// Words of a line, as far as there is room.
template <std::size_t Most>
struct Words {
    std::array<std::string_view, Most> all{};
    std::size_t count = 0;

    explicit Words(std::string_view line) {
        constexpr std::string_view blank = " \t";
        for (auto at = line.find_first_not_of(blank);
             at != std::string_view::npos && count < Most;) {
            const auto end = line.find_first_of(blank, at);
            all[count++] = line.substr(at, end == std::string_view::npos ? end : end - at);
            at = line.find_first_not_of(blank, end);
        }
    }
    [[nodiscard]] std::optional<double> number(std::size_t at) const {
        double value = 0;
        if (at >= count) {
            return std::nullopt;
        }
        const std::string_view word = all[at];
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value,
                                                  std::chars_format::fixed);
        return error == std::errc() && end == word.data() + word.size() && value >= 0 &&
                       std::isfinite(value)
                   ? std::optional(value)
                   : std::nullopt;
    }
};

template <class F>
void each_line(std::string_view text, F&& look) {
    for (std::size_t lines = 0; !text.empty() && lines < max_proc_lines; ++lines) {
        const auto end = text.find('\n');
        look(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

struct Column {
    std::size_t at;
    const char* name;
    const char* help;
    double unit = 1;
    Kind kind = Kind::counter;
};

template <std::size_t Most, std::size_t Count>
void add_columns(const Words<Most>& words, const std::array<Column, Count>& figures,
                 const Labels& labels, Samples& into) {
    for (const Column& figure : figures) {
        if (const auto value = words.number(figure.at)) {
            into.push_back({figure.name, figure.kind, figure.help, labels, *value * figure.unit});
        }
    }
}

} // namespace

void read_cpu(std::string_view text, double ticks, Samples& into) {
    constexpr std::array modes{"user",   "nice", "system",  "idle",
                               "iowait", "irq",  "softirq", "steal"};
    each_line(text, [&](std::string_view line) {
        const Words<9> words(line);
        const std::string_view name = words.all[0];
        if (name.size() <= 3 || !name.starts_with("cpu")) {
            return; // the sum of all has no number
        }
        for (std::size_t mode = 0; mode < modes.size(); ++mode) {
            if (const auto value = words.number(mode + 1)) {
                into.push_back({"noa_system_cpu_seconds_total",
                                Kind::counter,
                                "Time that each core spent in each mode",
                                {{"cpu", std::string(name.substr(3))}, {"mode", modes[mode]}},
                                *value / ticks});
            }
        }
    });
}

void read_memory(std::string_view text, Samples& into) {
    struct Named {
        std::string_view key;
        const char* name;
        const char* help;
    };
    constexpr std::array all{
        Named{"MemTotal:", "noa_system_memory_total_bytes", "Memory that the machine has"},
        Named{"MemFree:", "noa_system_memory_free_bytes", "Memory that nothing uses"},
        Named{"MemAvailable:", "noa_system_memory_available_bytes",
              "Memory that programs can have without swapping"},
        Named{"Buffers:", "noa_system_memory_buffers_bytes", "Memory for raw blocks"},
        Named{"Cached:", "noa_system_memory_cached_bytes", "Memory for files that were read"},
        Named{"SwapTotal:", "noa_system_swap_total_bytes", "Swap that the machine has"},
        Named{"SwapFree:", "noa_system_swap_free_bytes", "Swap that nothing uses"}};
    each_line(text, [&](std::string_view line) {
        const Words<2> words(line);
        const auto found = std::ranges::find(all, words.all[0], &Named::key);
        if (const auto value = words.number(1); found != all.end() && value) {
            into.push_back({found->name, Kind::gauge, found->help, {}, *value * kib});
        }
    });
}

void read_load(std::string_view text, Samples& into) {
    constexpr std::array figures{
        Column{0, "noa_system_load1", "Processes that run or wait, over 1 minute", 1, Kind::gauge},
        Column{1, "noa_system_load5", "Processes that run or wait, over 5 minutes", 1, Kind::gauge},
        Column{2, "noa_system_load15", "Processes that run or wait, over 15 minutes", 1,
               Kind::gauge}};
    add_columns(Words<3>(text.substr(0, text.find('\n'))), figures, {}, into);
}

void read_disks(std::string_view text, Samples& into) {
    constexpr std::array figures{
        Column{3, "noa_system_disk_reads_total", "Reads that ended"},
        Column{5, "noa_system_disk_read_bytes_total", "Bytes read", sector},
        Column{7, "noa_system_disk_writes_total", "Writes that ended"},
        Column{9, "noa_system_disk_written_bytes_total", "Bytes written", sector},
        Column{12, "noa_system_disk_busy_seconds_total", "Time with work under way", 0.001}};
    each_line(text, [&](std::string_view line) {
        const Words<13> words(line);
        if (words.number(3).value_or(0) + words.number(7).value_or(0) > 0) {
            add_columns(words, figures, {{"device", std::string(words.all[2])}}, into);
        }
    });
}

void read_network(std::string_view text, Samples& into) {
    constexpr std::array figures{
        Column{0, "noa_system_network_receive_bytes_total", "Bytes received"},
        Column{1, "noa_system_network_receive_packets_total", "Packets received"},
        Column{2, "noa_system_network_receive_errors_total", "Packets that came damaged"},
        Column{3, "noa_system_network_receive_dropped_total", "Packets that found no room"},
        Column{8, "noa_system_network_transmit_bytes_total", "Bytes sent"},
        Column{9, "noa_system_network_transmit_packets_total", "Packets sent"},
        Column{10, "noa_system_network_transmit_errors_total", "Packets that could not be sent"},
        Column{11, "noa_system_network_transmit_dropped_total", "Packets that were not sent"}};
    each_line(text, [&](std::string_view line) {
        const auto colon = line.rfind(':'); // an alias may have one of its own
        if (colon == std::string_view::npos) {
            return; // the two lines of headings
        }
        const Words<1> name(line.substr(0, colon));
        add_columns(Words<12>(line.substr(colon + 1)), figures,
                    {{"device", std::string(name.all[0])}}, into);
    });
}

void read_pressure(std::string_view text, std::string_view resource, Samples& into) {
    each_line(text, [&](std::string_view line) {
        const Words<5> words(line);
        constexpr std::string_view total = "total=";
        if ((words.all[0] != "some" && words.all[0] != "full") ||
            !words.all[4].starts_with(total)) {
            return;
        }
        if (const auto us = Words<1>(words.all[4].substr(total.size())).number(0)) {
            into.push_back(
                {"noa_system_pressure_seconds_total",
                 Kind::counter,
                 "Time in which some or all that had work waited for a resource",
                 {{"resource", std::string(resource)}, {"share", std::string(words.all[0])}},
                 *us * 1e-6});
        }
    });
}

void read_process(std::string_view text, double ticks, double page_size, Samples& into) {
    const auto name_end = text.rfind(')'); // a name may hold anything
    if (name_end == std::string_view::npos) {
        return;
    }
    const Words<22> words(text.substr(name_end + 1));
    const auto user = words.number(11);
    const auto system = words.number(12);
    if (user && system) {
        into.push_back({"process_cpu_seconds_total",
                        Kind::counter,
                        "Processor time of noad",
                        {},
                        (*user + *system) / ticks});
    }
    if (const auto threads = words.number(17)) {
        into.push_back({"process_threads", Kind::gauge, "Threads of noad", {}, *threads});
    }
    if (const auto pages = words.number(21)) {
        into.push_back({"process_resident_memory_bytes",
                        Kind::gauge,
                        "Memory of noad that is in use",
                        {},
                        *pages * page_size});
    }
}

} // namespace monitor
