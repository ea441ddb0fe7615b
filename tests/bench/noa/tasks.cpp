#include <array>

#include "harness/task.hpp"
#include "noa/bus_tasks.hpp"
#include "noa/host_tasks.hpp"

namespace noa::bench {

std::span<const Task> noa_tasks() noexcept {
    static constexpr std::array tasks{
        Task{"bus.rtt", measure_bus_round_trip},
        Task{"bus.two_cores", measure_bus_two_cores},
        Task{"bus.stream", measure_bus_stream},
        Task{"bus.lookup", measure_bus_lookup},
        Task{"noad.rtt", measure_noad_round_trip},
        Task{"noad.process_rtt", measure_process_round_trip},
        Task{"noad.two_cores", measure_noad_two_cores},
        Task{"noad.stream", measure_noad_stream},
        Task{"noad.crowd", measure_noad_crowd},
        Task{"noad.idle", measure_idle_host},
        Task{"noad.start", measure_start},
        Task{"noad.drop_in", measure_drop_in},
        Task{"outside.rtt", measure_outside_round_trip},
        Task{"outside.one_way", measure_outside_one_way},
        Task{"outside.pipelined", measure_outside_pipelined},
        Task{"traces.rtt", measure_noad_round_trip},
        Task{"traces.stream", measure_noad_stream},
        Task{"traces.outside", measure_outside_pipelined},
        Task{"peer.idle", measure_idle_peer},
    };
    return tasks;
}

} // namespace noa::bench
