// What a connection's ends are called, and what is set on its socket.
#pragma once

#include <string_view>

#include "client.hpp"

namespace cache::resp {

// `listening` as it was configured: "unix:/run/noa/cache.sock", "tcp:127.0.0.1:6379".
void tell_addresses(Client& client, std::string_view listening);

} // namespace cache::resp
