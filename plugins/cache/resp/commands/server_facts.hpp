// What the server says of itself and its clients.
#pragma once

#include <string>
#include <string_view>

#include "../call.hpp"

namespace cache::resp {

// Clients make what they do depend on it.
inline constexpr std::string_view redis_version = "7.0.15";

// False, and the client has been told, for one with spaces or worse.
bool set_client_name(Call& call, std::string_view name);
// As CLIENT LIST has it, without the end of the line.
[[nodiscard]] std::string describe_client(const Client& client, const Clock& clock);
// INFO; no sections: the usual ones.
[[nodiscard]] std::string describe_server(Call& call, Args sections);

} // namespace cache::resp
