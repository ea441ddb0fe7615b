// What the lane knew last, as it is told: made on the lane, read on the server's thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../http/message.hpp"

namespace console {

struct AgentHealth {
    bool well = false; // not unhealthy
    http::Text text;
};

struct Snapshot {
    std::chrono::steady_clock::time_point made;
    bool well = false; // not unhealthy
    bool ready = false;
    std::int64_t round = 0; // unix time in ms of the figures; 0: none
    http::Text short_health;
    http::Text readiness;
    http::Text health;
    http::Text metrics; // none: the monitor has not told any
    http::Text status;
    http::Text agents;
    http::Text alerts; // none: the monitor does not answer
    std::map<std::string, AgentHealth> by_agent;
    std::vector<http::Text> recent;   // points of /api/metrics/recent, the oldest first
    std::vector<std::string> running; // agents that answer
    std::string versions;             // of what runs: changes when that does
};

using SnapshotPtr = std::shared_ptr<const Snapshot>;

} // namespace console
