// Peers that keep messages on the disk, loaded by their own clients.
#pragma once

#include <string>

namespace noa::bench {

struct Load {
    unsigned messages = 0;
    unsigned in_flight = 0;
    unsigned bytes = 0;
};

// Returns when the peer has answered for each of them. Throws std::runtime_error.
void load_peer(const std::string& server, const std::string& port, const Load& load);

} // namespace noa::bench
