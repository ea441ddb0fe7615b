#include "address.hpp"

#include <arpa/inet.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <optional>

namespace cache::tier {

namespace {

template <class T>
std::optional<T> number_of(std::string_view text) {
    T number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number)
                                                                    : std::nullopt;
}

bool is_ip(const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> ignored{};
    return ::inet_pton(AF_INET, text.c_str(), ignored.data()) == 1 ||
           ::inet_pton(AF_INET6, text.c_str(), ignored.data()) == 1;
}

noa::Error refused() {
    return noa::invalid("/tier: must be redis://IP:PORT/DATABASE or unix:/PATH; "
                        "a password is set by tier_password");
}

} // namespace

noa::Result<Address> parse_address(std::string_view text) {
    constexpr std::string_view unix_scheme = "unix:";
    constexpr std::string_view redis_scheme = "redis://";
    Address address;
    if (text.starts_with(unix_scheme)) {
        address.local = true;
        address.place = text.substr(unix_scheme.size());
        const bool fits = address.place.size() < sizeof(sockaddr_un::sun_path);
        return address.place.starts_with('/') && fits ? noa::Result<Address>(address) : refused();
    }
    if (!text.starts_with(redis_scheme)) {
        return refused();
    }
    text.remove_prefix(redis_scheme.size());
    if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
        const auto database = number_of<unsigned>(text.substr(slash + 1));
        if (slash + 1 < text.size() && (!database || *database > 1'000'000)) {
            return refused();
        }
        address.database = database.value_or(0);
        text = text.substr(0, slash);
    }
    const std::size_t closing = text.starts_with('[') ? text.find(']') : 0;
    const std::size_t colon = closing == std::string_view::npos ? closing : text.find(':', closing);
    address.place = text.substr(0, colon);
    if (colon != std::string_view::npos) {
        const auto port = number_of<std::uint16_t>(text.substr(colon + 1));
        if (!port || *port == 0) {
            return refused();
        }
        address.port = *port;
    }
    if (address.place.starts_with('[') && address.place.ends_with(']')) {
        address.place = address.place.substr(1, address.place.size() - 2);
    }
    if (address.place == "localhost") {
        address.place = "127.0.0.1";
    }
    return is_ip(address.place) ? noa::Result<Address>(address) : refused();
}

} // namespace cache::tier
