#include "noa/usage.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "base/clock.hpp"

namespace noa::bench {

namespace {

namespace fs = std::filesystem;

// "Pss:   1234 kB" and "voluntary_ctxt_switches:\t12"
double number_of(std::ifstream& file, const std::string& key) {
    file.clear();
    file.seekg(0);
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with(key + ":")) {
            return std::stod(line.substr(key.size() + 1));
        }
    }
    return 0;
}

std::map<std::string, double> switches_of(pid_t pid) {
    std::map<std::string, double> switches;
    std::error_code error;
    for (fs::directory_iterator entry("/proc/" + std::to_string(pid) + "/task", error), end;
         !error && entry != end; entry.increment(error)) {
        std::ifstream file(entry->path() / "status");
        switches[entry->path().filename().string()] = number_of(file, "voluntary_ctxt_switches");
    }
    return switches;
}

} // namespace

Result<Memory> read_memory(pid_t pid) {
    const auto path = "/proc/" + std::to_string(pid) + "/smaps_rollup";
    std::ifstream file(path);
    if (!file) {
        return fail(Errc::system, "read memory", path, "cannot be opened");
    }
    return Memory{number_of(file, "Rss"), number_of(file, "Pss"),
                  number_of(file, "Pss_Anon") + number_of(file, "Pss_Shmem")};
}

double count_descriptors(pid_t pid) {
    std::error_code error;
    const fs::directory_iterator entries("/proc/" + std::to_string(pid) + "/fd", error);
    return static_cast<double>(std::distance(begin(entries), end(entries)));
}

double count_mappings(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/maps");
    return static_cast<double>(
        std::count(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>(), '\n'));
}

Result<Values> watch_idle(Child& process, std::chrono::milliseconds window) {
    const auto pid = process.pid();
    const auto cpu_begin = process.cpu_ns();
    const auto time_begin = monotonic_ns();
    const auto before = switches_of(pid);
    if (process.wait(window)) {
        return fail(Errc::system, "watch a process", std::to_string(pid), "it ended");
    }
    const auto after = switches_of(pid);
    const auto elapsed = static_cast<double>(monotonic_ns() - time_begin);
    auto memory = read_memory(pid);
    if (!memory) {
        return tl::unexpected(memory.error());
    }
    double all = 0;
    double fastest = 0;
    for (const auto& [thread, count] : after) {
        const auto old = before.find(thread);
        const double woken = count - (old != before.end() ? old->second : 0);
        all += woken;
        fastest = std::max(fastest, woken);
    }
    const double seconds = elapsed / 1e9;
    return Values{
        {"pss_mb", memory->pss_kb / 1000.0},
        {"cpu_percent", 100.0 * static_cast<double>(process.cpu_ns() - cpu_begin) / elapsed},
        {"wakeups_per_s", all / seconds},
        {"fastest_per_s", fastest / seconds},
        {"threads", static_cast<double>(after.size())}};
}

} // namespace noa::bench
