// Readiness and state for a service manager, as sd_notify(3) does: a datagram to $NOTIFY_SOCKET.
#pragma once

#include <string_view>

namespace noa {

// Nothing happens, and nothing fails, without a service manager that asked for it.
void notify_service_manager(std::string_view state) noexcept;

// Whether somebody is seen who starts this process again when it ends: systemd, a supervisor that
// is its parent, or whoever runs the container.
[[nodiscard]] bool is_looked_after();

} // namespace noa
