// What a lane calls: a generation, or noa's own agent.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "noa/plugin.h"

namespace noa::bus {

// Every function on the lane.
class Handler {
public:
    virtual ~Handler() = default;
    // As noa_plugin.handle.
    [[nodiscard]] virtual noa_status handle(const noa_message& message, noa_delivery delivery,
                                            noa_error& error) noexcept = 0;
    virtual void on_reply(std::uint64_t tag, noa_status status,
                          const noa_message* message) noexcept = 0;
    virtual void on_wake(std::uint64_t tag) noexcept = 0;
    virtual void on_timer(std::uint64_t tag) noexcept = 0;
    // Of those that watch descriptors.
    virtual void on_ready(std::uint64_t /*tag*/, std::uint32_t /*events*/) noexcept {}
    // The lane has nothing to do, and is about to sleep.
    virtual void on_idle() noexcept {}
    // The JSON answer to `health`, `metrics` or `describe`.
    [[nodiscard]] virtual Result<std::string> inspect(std::string_view operation) noexcept = 0;
};

} // namespace noa::bus
