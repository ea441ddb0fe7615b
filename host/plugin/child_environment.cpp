#include "plugin/child_environment.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace noa::plugin {

std::vector<char*> child_environment() {
    constexpr std::array<std::string_view, 10> kept = {
        "LD_", "LC_", "LANG=", "TZ=", "PATH=", "HOME=", "ASAN_", "UBSAN_", "TSAN_", "LSAN_"};
    std::vector<char*> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (std::any_of(kept.begin(), kept.end(),
                        [text](std::string_view prefix) { return text.starts_with(prefix); })) {
            out.push_back(*entry);
        }
    }
    out.push_back(nullptr);
    return out;
}

} // namespace noa::plugin
