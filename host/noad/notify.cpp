#include "notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "base/file.hpp"
#include "base/unique_fd.hpp"

namespace noa {

void notify_service_manager(std::string_view state) noexcept {
    const char* path = std::getenv("NOTIFY_SOCKET"); // NOLINT(concurrency-mt-unsafe): set at start
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path == nullptr || (path[0] != '/' && path[0] != '@') ||
        std::strlen(path) >= sizeof address.sun_path) {
        return;
    }
    std::memcpy(address.sun_path, path, std::strlen(path));
    if (path[0] == '@') {
        address.sun_path[0] = '\0'; // the abstract namespace
    }
    const UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
    static_cast<void>(::sendto(fd.get(), state.data(), state.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&address), length));
}

bool is_looked_after() {
    for (const char* sign :
         {"NOTIFY_SOCKET", "INVOCATION_ID", "KUBERNETES_SERVICE_HOST", "container"}) {
        if (std::getenv(sign) != nullptr) { // NOLINT(concurrency-mt-unsafe): set at start
            return true;
        }
    }
    if (::getpid() == 1) {
        return true;
    }
    auto parent = read_file("/proc/" + std::to_string(::getppid()) + "/comm", 64);
    constexpr std::array supervisors{"s6-supervise", "runsv",       "supervise", "supervisord",
                                     "runit",        "dinit",       "monit",     "tini",
                                     "dumb-init",    "docker-init", "catatonit"};
    return parent && std::any_of(supervisors.begin(), supervisors.end(), [&](const char* name) {
               return *parent == name + std::string("\n");
           });
}

} // namespace noa
