// From a request to its reply.
#pragma once

#include "call.hpp"

namespace cache::resp {

inline constexpr std::size_t most_queued_bytes = 64U << 20U; // of one MULTI
inline constexpr std::size_t most_watched = 10'000;          // keys of one client

// A request as it has come: checks whether it may be, queues it after MULTI, or runs it; says its
// reply to the client. The store is the caller's for that time.
void execute(Hub& hub, Store& store, Client& client, Args args);
// One that was found to be good, in its client's database.
void run_command(Hub& hub, Store& store, Client& client, Reply& reply, Args args);

} // namespace cache::resp
