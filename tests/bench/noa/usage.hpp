// What a process that does nothing costs.
#pragma once

#include <sys/types.h>

#include <chrono>

#include "harness/process.hpp"
#include "harness/task.hpp"

namespace noa::bench {

struct Memory {
    double rss_kb = 0;
    double pss_kb = 0; // proportional set size, everything
    double own_kb = 0; // of it, anonymous and shared memory: what is not a file's
};
[[nodiscard]] Result<Memory> read_memory(pid_t pid);

// Entries of /proc/PID/fd, and lines of /proc/PID/maps.
[[nodiscard]] double count_descriptors(pid_t pid);
[[nodiscard]] double count_mappings(pid_t pid);

// Watches for `window`: pss_mb, cpu_percent, wakeups_per_s (all threads), fastest_per_s (the
// thread that woke most often), threads.
[[nodiscard]] Result<Values> watch_idle(Child& process, std::chrono::milliseconds window);

} // namespace noa::bench
