// What all connections of a server share. [the server's thread, but for the figures]
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "channels.hpp"
#include "client.hpp"
#include "clock.hpp"
#include "command.hpp"
#include "keyspace.hpp"
#include "noa/sdk.hpp"
#include "parameters.hpp"

namespace cache::resp {

// Since the server was made. The lane reads them, too.
struct Tally {
    noa::Counter accepted;
    noa::Counter refused; // over max_clients
    noa::Counter commands;
    noa::Counter cut_off; // for what they had the server keep
    noa::Counter errors;  // replies
    noa::Counter input_bytes;
    noa::Counter output_bytes;
    noa::Gauge connected;
};

struct Hub {
    Hub(Options options, Tally& figures) : parameters(std::move(options)), tally(figures) {
        calls.resize(commands.all().size());
    }

    Commands commands;
    std::vector<std::uint64_t> calls; // of each command, by its number
    std::map<std::uint64_t, std::unique_ptr<Client>> clients;
    std::uint64_t last_id = 0;
    Channels channels;
    Watches watches;
    Clock clock;
    Instant started{0};
    Parameters parameters;
    Tally& tally; // the agent's
    std::uint64_t random_state = 0x9e3779b97f4a7c15U;

    std::vector<Client*> to_flush; // have something to be sent, each once

    // xorshift64*: for what is picked at random, not for secrets.
    std::uint64_t random() noexcept {
        random_state ^= random_state >> 12U;
        random_state ^= random_state << 25U;
        random_state ^= random_state >> 27U;
        return random_state * 0x2545f4914f6cdd1dU;
    }
    std::uint64_t random_below(std::uint64_t bound) noexcept { return random() % bound; }
    void flush_later(Client& client) {
        if (!client.flush_due) {
            client.flush_due = true;
            to_flush.push_back(&client);
        }
    }
};

} // namespace cache::resp
