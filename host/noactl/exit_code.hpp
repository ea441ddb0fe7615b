// What noactl's exit says; documented in --help and noactl(1).
#pragma once

#include "base/result.hpp"

namespace noa::noactl {

constexpr int exit_ok = 0;
constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr int exit_no_host = 3;
constexpr int exit_refused = 4;
constexpr int exit_timed_out = 5;
constexpr int exit_interrupted = 130; // Ctrl-C, as a shell says it

[[nodiscard]] constexpr int exit_code_of(Errc code) noexcept {
    switch (code) {
    case Errc::refused:
    case Errc::denied: return exit_refused;
    case Errc::timed_out: return exit_timed_out;
    default: return exit_failed;
    }
}

} // namespace noa::noactl
