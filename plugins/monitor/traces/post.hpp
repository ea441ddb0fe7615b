// A body of JSON to an HTTP server.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "noa/sdk/json.hpp"

namespace monitor {

struct PostTerms {
    std::string url;
    std::string authorization; // of that header; empty: none
    std::string ca;            // a file of certificates; empty: the system's
    noa::Duration timeout = std::chrono::seconds(10);
};

struct Posted {
    std::uint32_t status = 0; // 0: there was no answer
    std::string text;         // why there was none; it has no header in it
    std::string answer;       // its first 64 KiB
    std::optional<noa::Duration> retry_after;
};

// Off the lane. Follows no redirect; ends early when it is asked to stop.
[[nodiscard]] Posted post_json(const PostTerms& terms, const std::string& body,
                               const std::stop_token& stop);

} // namespace monitor
