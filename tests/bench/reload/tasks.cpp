#include "reload/tasks.hpp"

#include <array>

namespace noa::bench {

std::span<const Task> reload_tasks() noexcept {
    static constexpr std::array tasks{
        Task{"reload.load", measure_reload_load},
        Task{"reload.file", measure_reload_file},
        Task{"reload.memory", measure_reload_memory},
        Task{"reload.in_place", measure_stop_and_load},
        Task{"reload.outside", measure_switch_outside},
    };
    return tasks;
}

} // namespace noa::bench
