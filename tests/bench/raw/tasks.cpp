#include <array>

#include "harness/task.hpp"
#include "raw/inproc.hpp"
#include "raw/ipc.hpp"

namespace noa::bench {

std::span<const Task> raw_tasks() noexcept {
    static constexpr std::array tasks{
        Task{"raw.inproc.rtt", measure_inproc_round_trip},
        Task{"raw.inproc.stream", measure_inproc_stream},
        Task{"raw.inproc.stream4", measure_inproc_four_senders},
        Task{"raw.inproc.large_copied", measure_inproc_large_copied},
        Task{"raw.inproc.large_shared", measure_inproc_large_shared},
        Task{"raw.ipc.rtt", measure_ipc_round_trip},
        Task{"raw.ipc.pipelined", measure_ipc_pipelined},
        Task{"raw.ipc.server", serve_ipc_echo},
        Task{"raw.gateway.rtt", measure_gateway_round_trip},
        Task{"raw.gateway.pipelined", measure_gateway_pipelined},
        Task{"raw.gateway.server", serve_gateway},
    };
    return tasks;
}

} // namespace noa::bench
