// What an agent's answer is in HTTP.
#pragma once

#include <cstdint>
#include <string_view>

#include "noa/status.h"

namespace console {

// Of an operation that a page asked for.
[[nodiscard]] constexpr unsigned http_status(noa_status status) noexcept {
    switch (status) {
    case NOA_OK: return 200;
    case NOA_E_INVALID: return 400;
    case NOA_E_DENIED: return 403;
    case NOA_E_NO_AGENT:
    case NOA_E_NOT_FOUND:
    case NOA_E_UNSUPPORTED: return 404;
    case NOA_E_TOO_LARGE: return 413;
    case NOA_E_BUSY:
    case NOA_E_RETRY: return 429;
    case NOA_E_FAILED: return 502;
    case NOA_E_RETIRED:
    case NOA_E_UNAVAILABLE:
    case NOA_E_STATE:
    case NOA_E_DEAD: return 503;
    case NOA_E_EXPIRED: return 504;
    default: return 500;
    }
}

// Of a webhook: one that failed for a reason that may pass is sent again by whoever sent it.
[[nodiscard]] constexpr unsigned hook_status(noa_status status, bool duplicate) noexcept {
    switch (status) {
    case NOA_OK: return duplicate ? 200 : 202;
    case NOA_E_INVALID: return 400;
    case NOA_E_DENIED: return 401;
    case NOA_E_NOT_FOUND: return 404;
    case NOA_E_TOO_LARGE: return 413;
    case NOA_E_BUSY: return 429;
    default: return 503;
    }
}

} // namespace console
