// The items of the battery that need the plugin to live.
#pragma once

#include <functional>
#include <string>

#include "validated_life.hpp"

namespace noa::runner {

struct ItemVerdict {
    std::string verdict; // "pass", "fail", "skipped"
    std::string text;    // what was tried; what went wrong; why not
};

[[nodiscard]] ItemVerdict passed(std::string text);
[[nodiscard]] ItemVerdict failed(std::string text);
[[nodiscard]] ItemVerdict skipped(std::string text);

// validated_items.cpp
[[nodiscard]] ItemVerdict try_lifecycle(const Trial& trial);
[[nodiscard]] ItemVerdict try_settings(const Trial& trial);
[[nodiscard]] ItemVerdict try_messages(const Trial& trial);
[[nodiscard]] ItemVerdict try_state(const Trial& trial);

// validated_resources.cpp
[[nodiscard]] ItemVerdict try_threads(const Trial& trial);
[[nodiscard]] ItemVerdict try_unload(const Trial& trial);
[[nodiscard]] ItemVerdict try_reloads(const Trial& trial);

// Threads of this process, once they are no more than `wanted` or patience has ended: one that was
// joined may be listed for a moment longer.
[[nodiscard]] std::size_t threads_down_to(std::size_t wanted);
[[nodiscard]] std::size_t thread_count();

// Requests that its description names, sensible and not; the clock goes on, timers fire.
[[nodiscard]] Breach exercise(Life& life, std::size_t& messages);

} // namespace noa::runner
