// What others post to this host: Standard Webhooks 1.0, verified.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk.hpp"

namespace communication {

// As its headers have them; hostile.
struct ReceivedWebhook {
    std::string_view id;
    std::string_view timestamp; // seconds since 1970
    std::string_view signature; // "v1,…", several with blanks between
    std::string_view body;
};

// Further from the host's clock than that: refused, for it may be one that was listened to.
inline constexpr std::int64_t webhook_tolerance_s = 300;

// Whether any of its signatures is by any of `keys`, and it is of now. NOA_E_INVALID: what of it
// has another form; NOA_E_DENIED without saying which key or byte did not fit.
[[nodiscard]] noa::Status verify(const ReceivedWebhook& received,
                                 const std::vector<std::string>& keys, std::int64_t now_s);

} // namespace communication
