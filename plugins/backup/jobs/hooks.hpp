// What agents do about their own state when they say that they do: noa.backup/1. Asked over the
// bus, of which jobs know nothing.
#pragma once

#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "noa/sdk/message.hpp"
#include "noa/sdk/result.hpp"

namespace backup {

enum class Hook { write, validate };

// Of an agent that runs.
struct Offer {
    bool writes = false;
    bool validates = false;
    std::string fault{}; // why it is not known; empty: it is
};

struct HookCall {
    std::string agent;
    std::string directory; // for it to write, or to look at
};

// Each function blocks, and ends early when asked to stop.  [any but the lane]
class Hooks {
public:
    Hooks() = default;
    Hooks(const Hooks&) = delete;
    Hooks& operator=(const Hooks&) = delete;
    virtual ~Hooks() = default;

    // Of those in `names`, "*" for every agent of the host, that run. What serves from outside is
    // in no list, and has to be named.
    [[nodiscard]] virtual noa::sdk::Result<std::map<std::string, Offer>>
    offers(const std::vector<std::string>& names, const std::stop_token& stop) = 0;
    // All at once. Of each call, in order, what came of it: an error when it was not answered or
    // could not be done; of a validation the fault that the agent found, empty when there is none.
    [[nodiscard]] virtual std::vector<noa::sdk::Result<std::string>>
    ask(Hook hook, const std::vector<HookCall>& calls, noa::sdk::Duration patience,
        const std::stop_token& stop) = 0;
};

} // namespace backup
