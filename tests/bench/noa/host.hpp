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
    std::string plugin = "bench";                       // "heartbeat", "cache", …
    nlohmann::json settings = nlohmann::json::object(); // texts and numbers
    std::string options = {};                           // more lines of its table
};

struct WantedHost {
    std::vector<WantedAgent> agents;
    std::string spin = "0us";
    bool autoload = false;
    std::string sampling = {}; // of traces; empty: as it is by default
};

class Host {
public:
    // Starts noad and waits until it says that every agent is healthy (READY=1 to the service
    // manager's socket). Errc::unavailable without --noad.
    [[nodiscard]] static Result<Host> start(const Context& context, const WantedHost& wanted);
    // Stops it and starts it again on the same directories.
    [[nodiscard]] Result<void> restart();

    [[nodiscard]] const Child& process() const noexcept { return process_; }
    [[nodiscard]] Child& process() noexcept { return process_; }
    [[nodiscard]] Child release() && { return std::move(process_); }
    [[nodiscard]] std::string runtime_dir() const { return (root_ / "run").string(); }
    [[nodiscard]] std::filesystem::path plugin_dir() const { return root_ / "plugins"; }
    [[nodiscard]] std::filesystem::path state_dir() const { return root_ / "state"; }
    // From just before exec to READY=1.
    [[nodiscard]] std::int64_t start_ns() const noexcept { return start_ns_; }

private:
    Host(std::filesystem::path noad, std::filesystem::path root, Child process,
         std::int64_t start_ns)
        : noad_(std::move(noad)), root_(std::move(root)), process_(std::move(process)),
          start_ns_(start_ns) {}
    struct Started {
        Child process;
        std::int64_t start_ns = 0;
    };
    static Result<Started> launch(const std::filesystem::path& noad,
                                  const std::filesystem::path& root);

    std::filesystem::path noad_;
    std::filesystem::path root_;
    Child process_;
    std::int64_t start_ns_ = 0;
};

// The file of a plugin, "bench" or one of the directory --plugins.
[[nodiscard]] Result<std::filesystem::path> find_plugin(const Context& context,
                                                        const std::string& id);

// Asks noad's agents through its gateway.
[[nodiscard]] Ask ask_through(WireClient& client);

} // namespace noa::bench
