#include "base/listen_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "base/utf8.hpp"

namespace noa {

namespace {

constexpr std::string_view form =
    R"(wanted "tcp:ADDRESS:PORT", "tcp:[ADDRESS]:PORT" or "unix:/PATH")";

static_assert(ListenAddress::max_path + 1 == sizeof(sockaddr_un::sun_path));

std::optional<std::uint16_t> port_of(std::string_view text) noexcept {
    std::uint16_t port = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, port);
    return error == std::errc() && rest == end ? std::optional(port) : std::nullopt;
}

bool is_plain_text(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto point = first_code_point(text);
        if (!point.valid || point.value < 0x20 || (point.value >= 0x7F && point.value < 0xA0)) {
            return false;
        }
        text.remove_prefix(point.bytes);
    }
    return true;
}

// Takes `prefix` off the front of `text`.
bool take(std::string_view& text, std::string_view prefix) noexcept {
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

} // namespace

bool ListenAddress::set_tcp(std::string_view host, std::uint16_t port) {
    const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
    const std::string numeric(bracketed ? host.substr(1, host.size() - 2) : host);
    if (numeric.size() != std::strlen(numeric.c_str())) {
        return false; // inet_pton would stop at the NUL
    }
    std::array<char, INET6_ADDRSTRLEN> canonical{};
    if (bracketed) {
        auto& address = reinterpret_cast<sockaddr_in6&>(storage_);
        if (::inet_pton(AF_INET6, numeric.c_str(), &address.sin6_addr) != 1) {
            return false;
        }
        address.sin6_family = AF_INET6;
        address.sin6_port = htons(port);
        size_ = sizeof address;
        ::inet_ntop(AF_INET6, &address.sin6_addr, canonical.data(), canonical.size());
        text_ = "tcp:[" + std::string(canonical.data()) + "]:" + std::to_string(port);
        return true;
    }
    auto& address = reinterpret_cast<sockaddr_in&>(storage_);
    if (::inet_pton(AF_INET, numeric.c_str(), &address.sin_addr) != 1) {
        return false;
    }
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    size_ = sizeof address;
    ::inet_ntop(AF_INET, &address.sin_addr, canonical.data(), canonical.size());
    text_ = "tcp:" + std::string(canonical.data()) + ":" + std::to_string(port);
    return true;
}

bool ListenAddress::set_unix(std::string_view path) {
    if (path.size() < 2 || path.size() > max_path || path.front() != '/' || path.back() == '/' ||
        !is_plain_text(path)) {
        return false;
    }
    auto& address = reinterpret_cast<sockaddr_un&>(storage_);
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    size_ = sizeof address;
    path_ = path;
    text_ = "unix:" + path_;
    return true;
}

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
    const auto refuse = [&](std::string reason) {
        return fail(Errc::invalid, "listen", bounded_utf8(text, 128), std::move(reason));
    };
    ListenAddress address;
    auto rest = text;
    if (take(rest, "unix:")) {
        if (!address.set_unix(rest)) {
            return refuse("not an absolute path of at most " + std::to_string(max_path) +
                          " bytes of text");
        }
        return address;
    }
    const auto colon = rest.rfind(':');
    if (!take(rest, "tcp:") || colon < std::strlen("tcp:")) {
        return refuse(std::string(form));
    }
    const auto port = port_of(text.substr(colon + 1));
    if (!port) {
        return refuse("the port is not a number from 0 to 65535");
    }
    if (!address.set_tcp(rest.substr(0, colon - std::strlen("tcp:")), *port)) {
        return refuse("the host is not a numeric address; IPv6 goes in brackets");
    }
    return address;
}

} // namespace noa
