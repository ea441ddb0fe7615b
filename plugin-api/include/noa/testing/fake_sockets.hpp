// The sockets of an agent under test: real ones, on this machine.
#pragma once

#include <fcntl.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "noa/ext/listener.h"
#include "noa/sdk/fd.hpp"

namespace noa::testing {

// Handed from generation to generation, as the host does.  [lane] every function.
class FakeSockets {
public:
    FakeSockets() = default;
    FakeSockets(const FakeSockets&) = delete;
    FakeSockets& operator=(const FakeSockets&) = delete;
    ~FakeSockets() {
        for (const auto& [address, listening] : listening_) {
            remove_file(address);
        }
    }

    // Around a start: it has what it asked for, or all is as it was.
    void starting() {
        taken_ = 0;
        for (auto& [address, listening] : listening_) {
            listening.asked_for = false;
            listening.of_former = true;
        }
    }
    void taken_over() {
        std::erase_if(listening_, [](const auto& one) {
            if (!one.second.asked_for) {
                remove_file(one.first);
            }
            return !one.second.asked_for;
        });
        kept_.clear();
    }
    void given_up() {
        std::erase_if(listening_, [](const auto& one) { return !one.second.of_former; });
        taken_ = 0;
    }

    noa_status listen(const std::string& address, const noa_listen_options& options, int& ret_fd,
                      std::string& ret_why) {
        const auto found = listening_.find(address);
        if (found != listening_.end()) {
            found->second.asked_for = true;
            ret_fd = found->second.fd.get();
            return NOA_OK;
        }
        if (listening_.size() >= 64) {
            return NOA_E_TOO_LARGE;
        }
        sockaddr_storage where{};
        socklen_t size = 0;
        if (!parse(address, where, size)) {
            return NOA_E_INVALID;
        }
        sdk::Fd fd(::socket(where.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        const int on = 1;
        ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&where), size) != 0 ||
            ::listen(fd.get(), options.backlog != 0 ? static_cast<int>(options.backlog) : 128) !=
                0) {
            ret_why = std::generic_category().message(errno);
            return NOA_E_FAILED;
        }
        if (where.ss_family == AF_UNIX) {
            ::chmod(address.c_str() + unix_prefix.size(), options.mode != 0 ? options.mode : 0660);
        }
        ret_fd = fd.get();
        listening_[address] = {std::move(fd), true, false};
        return NOA_OK;
    }
    noa_status unlisten(const std::string& address) {
        if (listening_.erase(address) == 0) {
            return NOA_E_NOT_FOUND;
        }
        remove_file(address);
        return NOA_OK;
    }

    noa_status keep(int fd, std::string_view state) {
        if (::fcntl(fd, F_GETFD) < 0) {
            return NOA_E_INVALID;
        }
        if (state.size() > std::size_t{1024} * 1024 || kept_.size() >= 16'384) {
            return NOA_E_TOO_LARGE;
        }
        kept_.push_back({sdk::Fd(fd), std::string(state)});
        return NOA_OK;
    }
    noa_status take(int& ret_fd, noa_bytes& ret_state) {
        if (taken_ == kept_.size()) {
            return NOA_E_NOT_FOUND;
        }
        const Kept& next = kept_[taken_];
        ret_fd = ::fcntl(next.fd.get(), F_DUPFD_CLOEXEC, 0);
        if (ret_fd < 0) {
            return NOA_E_FAILED;
        }
        ++taken_;
        ret_state = {next.state.data(), next.state.size()};
        return NOA_OK;
    }

    [[nodiscard]] std::size_t listening() const noexcept { return listening_.size(); }
    [[nodiscard]] std::size_t kept() const noexcept { return kept_.size(); }

private:
    struct Listening {
        sdk::Fd fd;
        bool asked_for = false; // by the generation that has them
        bool of_former = false; // there before it started
    };
    struct Kept {
        sdk::Fd fd;
        std::string state;
    };

    static constexpr std::string_view tcp_prefix = "tcp:";
    static constexpr std::string_view unix_prefix = "unix:";

    static bool parse(std::string_view address, sockaddr_storage& where, socklen_t& size) {
        if (address.starts_with(unix_prefix)) {
            const std::string_view path = address.substr(unix_prefix.size());
            sockaddr_un local{};
            if (!path.starts_with('/') || path.size() >= sizeof local.sun_path) {
                return false;
            }
            local.sun_family = AF_UNIX;
            std::memcpy(local.sun_path, path.data(), path.size());
            std::memcpy(&where, &local, sizeof local);
            size = sizeof local;
            return true;
        }
        const std::size_t colon = address.rfind(':');
        if (!address.starts_with(tcp_prefix) || colon < tcp_prefix.size()) {
            return false;
        }
        std::string host(address.substr(tcp_prefix.size(), colon - tcp_prefix.size()));
        if (host.starts_with('[') && host.ends_with(']')) {
            host = host.substr(1, host.size() - 2);
        }
        addrinfo wanted{};
        wanted.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
        wanted.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        const std::string port(address.substr(colon + 1));
        if (::getaddrinfo(host.c_str(), port.c_str(), &wanted, &found) != 0) {
            return false;
        }
        std::memcpy(&where, found->ai_addr, found->ai_addrlen);
        size = found->ai_addrlen;
        ::freeaddrinfo(found);
        return true;
    }
    static void remove_file(std::string_view address) {
        if (address.starts_with(unix_prefix)) {
            ::unlink(std::string(address.substr(unix_prefix.size())).c_str());
        }
    }

    std::map<std::string, Listening> listening_; // by address
    std::deque<Kept> kept_;
    std::size_t taken_ = 0; // of kept_, by a start
};

} // namespace noa::testing
