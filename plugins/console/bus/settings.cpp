#include "settings.hpp"

#include <algorithm>
#include <set>

namespace console {

bool is_local(std::string_view address) noexcept {
    return address.starts_with("unix:") || address.starts_with("tcp:[::1]:") ||
           (address.starts_with("tcp:127.") &&
            std::ranges::count(address.substr(0, address.rfind(':')), '.') == 3);
}

noa::Status Settings::check() const {
    using namespace std::chrono_literals;
    std::set<std::string_view> all;
    for (const std::string& address : listen) {
        if (!is_local(address)) {
            return noa::invalid("/listen: " + address +
                                " can be reached from elsewhere, and nobody would have to say who "
                                "they are: loopback and unix sockets only");
        }
        all.insert(address);
    }
    if (listen.empty()) {
        return noa::invalid("/listen: one address at least");
    }
    for (const std::string& address : probe_listen) {
        if (!all.insert(address).second) {
            return noa::invalid("/probe_listen: " + address + " comes twice");
        }
    }
    if (refresh < 500ms || refresh > 1min) {
        return noa::invalid("/refresh: must be 500ms to 1min");
    }
    if (history < 1min || history > 24h) {
        return noa::invalid("/history: must be 1min to 1d");
    }
    if (!control_socket.empty() && control_socket.front() != '/') {
        return noa::invalid("/control_socket: must be absolute, or \"\"");
    }
    return {};
}

} // namespace console
