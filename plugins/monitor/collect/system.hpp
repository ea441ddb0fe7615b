// The figures of the machine and of noad, as of now. May wait for a disk; off the lane.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sample.hpp"

namespace monitor {

struct SystemSource {
    std::string proc = "/proc";
    std::uint64_t pid = 0;          // noad's; 0: none is looked at
    std::vector<std::string> paths; // whose file systems are looked at
};

// What cannot be read is left out.
[[nodiscard]] Samples read_system(const SystemSource& source);

} // namespace monitor
