// A client, from generation to generation: all of it but its descriptor, as bytes.
#pragma once

#include <string>
#include <string_view>

#include "client.hpp"

namespace cache::resp {

// The most that the host keeps for a connection.
inline constexpr std::size_t largest_state = 1U << 20U;

[[nodiscard]] std::string save_client(const Client& client);
// Into a client that is new. False: it is damaged, or of another format, and what was read of it
// is worth nothing. Channels and watched keys are in the client only, as it was.
[[nodiscard]] bool restore_client(std::string_view state, Client& client);

} // namespace cache::resp
