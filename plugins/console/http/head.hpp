// The head of a response.
#pragma once

#include <cstddef>
#include <string>

#include "message.hpp"

namespace console::http {

struct HeadOptions {
    bool keep_alive = true;
    bool body = true; // false: of a HEAD request
};

// Replaces what is in `out`. `date` is an HTTP date.
void write_head(const Response& response, HeadOptions options, std::string_view date,
                std::string& out);

// As in "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::int64_t unix_s);

[[nodiscard]] std::string_view reason_of(unsigned status) noexcept;

// Those that every page and every answer has.
inline constexpr std::string_view security_headers =
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n";

} // namespace console::http
