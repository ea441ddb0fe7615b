#include "base/core_hint.hpp"

#include <sys/resource.h>

#include "base/file.hpp"

namespace noa {

std::string core_hint(const std::string& pattern, std::uint64_t limit) {
    const auto line = pattern.substr(0, pattern.find('\n'));
    if (line.find("systemd-coredump") != std::string::npos) {
        return "coredumpctl info";
    }
    if (line.starts_with('|')) {
        return "the kernel hands cores to " + line.substr(1, line.find(' ') - 1);
    }
    if (limit == 0) {
        return "no core is written: its limit is 0 (LimitCORE= of the unit, ulimit -c)";
    }
    return "core file: " + (line.starts_with('/') ? line : "in its working directory, " + line) +
           " (/proc/sys/kernel/core_pattern)";
}

std::string core_hint() {
    const auto pattern = read_file("/proc/sys/kernel/core_pattern", 4096);
    rlimit limit{};
    ::getrlimit(RLIMIT_CORE, &limit);
    return core_hint(pattern ? *pattern : std::string("core"), limit.rlim_cur);
}

} // namespace noa
