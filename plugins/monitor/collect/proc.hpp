// What the kernel writes in /proc, read. Pure: a text in, figures out. A text that is cut short or
// of another form gives what could be read of it; numbers that are none are left out.
#pragma once

#include <string_view>

#include "sample.hpp"

namespace monitor {

// Lines of a text that are looked at; what is beyond is left out.
inline constexpr std::size_t max_proc_lines = 4096;

// /proc/stat, its times in ticks of which a second has `ticks`.
void read_cpu(std::string_view text, double ticks, Samples& into);
// /proc/meminfo.
void read_memory(std::string_view text, Samples& into);
// /proc/loadavg.
void read_load(std::string_view text, Samples& into);
// /proc/diskstats, without devices that were never used.
void read_disks(std::string_view text, Samples& into);
// /proc/net/dev.
void read_network(std::string_view text, Samples& into);
// /proc/pressure/RESOURCE.
void read_pressure(std::string_view text, std::string_view resource, Samples& into);
// /proc/PID/stat.
void read_process(std::string_view text, double ticks, double page_size, Samples& into);

} // namespace monitor
