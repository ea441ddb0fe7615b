// A generation and its agent's arena: see noa/ext/arena.h.
#include <algorithm>
#include <cstdint>

#include "supervise/generation.hpp"

namespace noa::supervise {

std::uint64_t Generation::arena_limit_of(const config::AgentConfig& config) noexcept {
    constexpr auto most = std::uint64_t{1} << 62U;
    if (config.run == "process" && config.replicas > 1) { // one memory and several to write it
        return 0;
    }
    return std::min(config.limits.memory != 0 ? config.limits.memory : memory_of_machine(), most);
}

noa_status Generation::open_arena(std::uint64_t layout, std::uint64_t size, noa_arena& ret_arena) {
    return lane_->on_lane() ? arena_.open(layout, size, ret_arena) : NOA_E_STATE;
}

noa_status Generation::grow_arena(std::uint64_t size, noa_arena& ret_arena) {
    return lane_->on_lane() ? arena_.grow(size, ret_arena) : NOA_E_STATE;
}

noa_status Generation::release_arena(std::uint64_t offset, std::uint64_t size) {
    return lane_->on_lane() ? arena_.release(offset, size) : NOA_E_STATE;
}

noa_status Generation::close_arena() {
    return lane_->on_lane() ? arena_.close() : NOA_E_STATE;
}

noa_status Generation::discard_arena() {
    return lane_->on_lane() ? arena_.discard() : NOA_E_STATE;
}

} // namespace noa::supervise
