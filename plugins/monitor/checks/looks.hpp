// Checks of what is on this machine, and names looked up. They may wait; off the lane.
#pragma once

#include <string>

#include "checks.hpp"

namespace monitor {

// Healthy while a process of that name (the kernel's, 15 bytes of it) is there.
[[nodiscard]] Verdict look_at_process(const std::string& name, const std::string& proc = "/proc");
// Healthy while the file is there and was written no longer ago than that.
[[nodiscard]] Verdict look_at_file(const std::string& path, noa::Duration max_age);
enum class Names { looked_up, refused };
// With names refused it does not wait.
[[nodiscard]] noa::Result<Address> look_up(const Endpoint& endpoint, Names names);

} // namespace monitor
