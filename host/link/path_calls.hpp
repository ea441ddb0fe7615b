// System calls that name a file, and which file one of them is about.
#pragma once

#include <seccomp.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "link/reach.hpp"

namespace noa::link {

class PathCalls {
public:
    PathCalls();
    // With blanks between.
    [[nodiscard]] static std::string names();

    [[nodiscard]] bool has(int number) const noexcept;
    // One of them that has the caller become another program.
    [[nodiscard]] bool is_exec(int number) const noexcept;
    // The first file that the call is about and that is out of reach, as the host finds it now; the
    // caller can change its mind before the kernel looks, so that nothing may depend on it but a
    // report. What is not there is out of nobody's reach. Hostile: memory and links of the caller.
    [[nodiscard]] std::optional<std::string> out_of_reach(const seccomp_notif& asked,
                                                          const Reach& reach) const;

private:
    struct Known { // one path of one call
        int number;
        std::size_t row;
    };
    std::vector<Known> known_;
};

} // namespace noa::link
