#include "addresses.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <string>

namespace cache::resp {

namespace {

std::string text_of(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET) {
        const auto& in = reinterpret_cast<const sockaddr_in&>(address);
        ::inet_ntop(AF_INET, &in.sin_addr, text.data(), text.size());
        return std::string(text.data()) + ":" + std::to_string(ntohs(in.sin_port));
    }
    if (address.ss_family == AF_INET6) {
        const auto& in = reinterpret_cast<const sockaddr_in6&>(address);
        ::inet_ntop(AF_INET6, &in.sin6_addr, text.data(), text.size());
        return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(in.sin6_port));
    }
    return "?:0";
}

std::string end_of(int fd, decltype(&::getpeername) which) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    return which(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? text_of(address) : "?:0";
}

} // namespace

void tell_addresses(Client& client, std::string_view listening) {
    const int fd = client.fd.get();
    if (client.local) {
        client.address = client.local_address =
            std::string(listening.substr(std::string_view("unix:").size())) + ":0";
        return;
    }
    client.address = end_of(fd, ::getpeername);
    client.local_address = end_of(fd, ::getsockname);
    const int on = 1; // replies are not held back; who went away without a word is found out
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    const int idle_s = 300;
    ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
}

} // namespace cache::resp
