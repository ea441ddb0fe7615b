// Where webhooks are posted to, and how they are signed: Standard Webhooks 1.0.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk.hpp"

namespace communication {

struct Endpoint {
    bool tls = true;
    std::string host; // without brackets
    std::string port;
    std::string target; // path and query
    std::string ca;     // a file of certificates; empty: the system's
    // What it is signed with: the one in use, and those that were until the receiver has that.
    std::vector<std::string> keys;

    // As a Host header has it.
    [[nodiscard]] std::string authority() const;
};

// http:// or https://, a host, maybe a port, a path and a query; nothing else. An error does not
// repeat it: there may be a token in it.
[[nodiscard]] noa::Result<Endpoint> parse_url(std::string_view url);
// "whsec_" and base64, or that alone, of 24 to 64 bytes. An error does not repeat it.
[[nodiscard]] noa::Result<std::string> parse_secret(std::string_view secret);

// "v1,…" for each key, with blanks between. `timestamp`: seconds.
[[nodiscard]] std::string signatures(const std::vector<std::string>& keys, std::string_view id,
                                     std::int64_t timestamp, std::string_view body);

} // namespace communication
