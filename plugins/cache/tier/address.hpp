// Where the second tier is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "noa/sdk.hpp"

namespace cache::tier {

struct Address {
    bool local = false; // `place` is a path
    std::string place;  // or an IP address
    std::uint16_t port = 6379;
    unsigned database = 0;
};

// redis://127.0.0.1:6379/0, redis://[::1]/3, unix:/run/redis/redis.sock. No names but localhost: to
// look one up may take long. No password: that is a setting of its own.
[[nodiscard]] noa::Result<Address> parse_address(std::string_view text);

} // namespace cache::tier
