// What an agent is called and what it was given: noa.agent/1.
#pragma once

#include <cstdint>
#include <string_view>

#include "noa/ext/agent.h"
#include "noa/sdk/host.hpp"

namespace noa::sdk {

enum class Run : std::uint32_t {
    thread = NOA_RUN_THREAD,
    process = NOA_RUN_PROCESS,
};

struct Facts {
    std::string_view name; // lives as long as the generation
    Run run = Run::thread;
    std::uint64_t generation = 0;
    // What follows may change while the agent runs.
    std::uint64_t queue_size = 0;
    std::uint32_t concurrency = 0; // 0: no limit but queue_size
    std::uint32_t max_deliveries = 0;
    Duration task_timeout{0}; // of requests without a deadline of their own
    Duration quiesce_timeout{0};
};

// [any]
[[nodiscard]] inline Result<Facts> facts_of(const Host& host) {
    const auto* contract = host.extension<noa_agent_host>(NOA_AGENT_ID);
    if (contract == nullptr) {
        return Error{NOA_E_UNSUPPORTED, "this host does not tell agents about themselves"};
    }
    noa_agent_facts raw{};
    raw.struct_size = sizeof raw;
    if (const noa_status status = contract->facts(host.context(), &raw); status != NOA_OK) {
        return to_status(status, "ask for the agent's facts").error();
    }
    return Facts{view(raw.name),
                 static_cast<Run>(raw.run),
                 raw.generation,
                 raw.queue_size,
                 raw.concurrency,
                 raw.max_deliveries,
                 Duration(raw.task_timeout_ns),
                 Duration(raw.quiesce_timeout_ns)};
}

} // namespace noa::sdk
