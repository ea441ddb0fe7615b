#include "looks.hpp"

#include <netdb.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>

namespace monitor {

Verdict look_at_process(const std::string& name, const std::string& proc) {
    std::error_code error;
    std::filesystem::directory_iterator entry(proc, error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
        const std::string number = entry->path().filename().string();
        if (number.find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        std::ifstream file(entry->path() / "comm");
        std::string line;
        if (std::getline(file, line) && line == name) {
            return {CheckStatus::healthy, {}};
        }
    }
    return error ? Verdict{CheckStatus::error, proc + ": " + error.message()}
                 : Verdict{CheckStatus::unhealthy, "no process is called " + name};
}

Verdict look_at_file(const std::string& path, noa::Duration max_age) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
        const int error = errno;
        return {error == ENOENT || error == ENOTDIR ? CheckStatus::unhealthy : CheckStatus::error,
                std::generic_category().message(error)};
    }
    const auto age = std::chrono::seconds(std::time(nullptr) - found.st_mtim.tv_sec);
    return age <= max_age ? Verdict{CheckStatus::healthy, {}}
                          : Verdict{CheckStatus::unhealthy,
                                    "written " + std::to_string(age.count()) + " s ago"};
}

noa::Result<Address> look_up(const Endpoint& endpoint, Names names) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV | (names == Names::refused ? AI_NUMERICHOST : 0);
    addrinfo* found = nullptr;
    const int error = ::getaddrinfo(endpoint.host.c_str(), endpoint.port.c_str(), &hints, &found);
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    if (error != 0 || found == nullptr || found->ai_addrlen > sizeof(sockaddr_storage)) {
        return noa::sdk::failed("cannot look up " + endpoint.host + ": " +
                                (error != 0 ? ::gai_strerror(error) : "no address"));
    }
    Address address;
    std::memcpy(&address.bytes, found->ai_addr, found->ai_addrlen);
    address.size = found->ai_addrlen;
    return address;
}

} // namespace monitor
