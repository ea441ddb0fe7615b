// Agents on the bare bus: the bench's plugin on lanes of this process, without noad around it.
// What the bus costs by itself, and where a profiler finds nothing else.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bus/lane.hpp"
#include "noa/plugin.h"

namespace noa::bench {

class RigAgent;

class Rig {
public:
    [[nodiscard]] static Result<std::unique_ptr<Rig>> open(const std::string& plugin,
                                                           std::chrono::nanoseconds spin);
    ~Rig();
    Rig(const Rig&) = delete;
    Rig& operator=(const Rig&) = delete;

    // An agent of the bench's plugin.
    [[nodiscard]] Result<void> add(const std::string& name, const nlohmann::json& settings);
    // A name with an open inbox and no lane, for lookups.
    [[nodiscard]] Result<void> add_name(const std::string& name);

    // Asks and waits; several may be under way.
    [[nodiscard]] std::future<Result<nlohmann::json>>
    ask(const std::string& agent, const std::string& operation, const nlohmann::json& order);

private:
    Rig() = default;
    std::unique_ptr<bus::Bus> bus_;
    const noa_plugin* table_ = nullptr;
    std::int64_t spin_ns_ = 0;
    std::vector<std::unique_ptr<RigAgent>> agents_; // the first one asks for this process
};

} // namespace noa::bench
