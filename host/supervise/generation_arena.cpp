// A generation and its agent's arena: see noa/ext/arena.h.
#include <algorithm>
#include <cstdint>

#include "base/clock.hpp"
#include "supervise/generation.hpp"

namespace noa::supervise {

std::uint64_t Generation::arena_limit_of(const config::AgentConfig& config) noexcept {
    constexpr auto most = std::uint64_t{1} << 62U;
    if (config.run == "process" && config.replicas > 1) { // one memory and several to write it
        return 0;
    }
    return std::min(config.limits.memory != 0 ? config.limits.memory : memory_of_machine(), most);
}

Result<void> Generation::start_with_arena() {
    auto started = instance_->start();
    if (started && !arena_.started()) {
        static_cast<void>(instance_->quiesce(monotonic_ns()));
        return failure("start", Errc::system, "its arena cannot be made writable");
    }
    return started;
}

// Unmapped before anybody else may have it.
void Generation::leave_arena() noexcept {
    arena_.unmap();
    agent_arena_.left_by(context_);
}

} // namespace noa::supervise
