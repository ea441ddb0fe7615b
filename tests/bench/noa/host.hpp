// A noad of the measurement's own: its configuration, directories and sockets in the run's
// directory.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "harness/process.hpp"
#include "noa/loads.hpp"
#include "noa/wire.hpp"

namespace noa::bench {

struct WantedAgent {
    std::string name;
    std::string plugin = "bench"; // "heartbeat", "cache"
    int cpu = -1;                 // of the bench's own: binds its lane
};

struct WantedHost {
    std::vector<WantedAgent> agents;
    std::string spin = "0us";
};

class Host {
public:
    // Starts noad and waits until it says that every agent is healthy (READY=1 to the service
    // manager's socket). Errc::unavailable without --noad.
    [[nodiscard]] static Result<Host> start(const Context& context, const WantedHost& wanted);

    [[nodiscard]] const Child& process() const noexcept { return process_; }
    [[nodiscard]] Child& process() noexcept { return process_; }
    [[nodiscard]] Child release() && { return std::move(process_); }
    [[nodiscard]] std::string runtime_dir() const { return runtime_dir_; }
    // From just before exec to READY=1.
    [[nodiscard]] std::int64_t start_ns() const noexcept { return start_ns_; }

private:
    explicit Host(Child process) : process_(std::move(process)) {}
    Child process_;
    std::string runtime_dir_;
    std::int64_t start_ns_ = 0;
};

// Asks noad's agents through its gateway.
[[nodiscard]] Ask ask_through(WireClient& client);

} // namespace noa::bench
