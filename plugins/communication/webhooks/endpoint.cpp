#include "endpoint.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <sodium.h>

namespace communication {

namespace {

constexpr std::size_t longest_url = 2048;
constexpr std::size_t shortest_key = 24;
constexpr std::size_t longest_key = 64;

bool is_port(std::string_view text) {
    unsigned value = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && rest == text.data() + text.size() && value > 0 && value < 65536;
}

bool is_host(std::string_view text, bool bracketed) {
    return !text.empty() && text.size() <= 253 && std::ranges::all_of(text, [&](char letter) {
        const bool usual = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                           (letter >= '0' && letter <= '9') || letter == '-' || letter == '.';
        return usual || letter == (bracketed ? ':' : '_');
    });
}

std::string base64(const unsigned char* bytes, std::size_t size) {
    std::string text(sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes, size, sodium_base64_VARIANT_ORIGINAL);
    text.pop_back(); // its zero
    return text;
}

} // namespace

std::string Endpoint::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == (tls ? "443" : "80") ? name : name + ":" + port;
}

noa::Result<Endpoint> parse_url(std::string_view url) {
    const auto wrong = noa::invalid("must be like https://example.com/path");
    const bool plain = url.starts_with("http://");
    const bool printable = std::ranges::all_of(
        url, [](char letter) { return letter > ' ' && letter < 0x7F && letter != '#'; });
    if (url.size() > longest_url || !printable || (!plain && !url.starts_with("https://"))) {
        return wrong;
    }
    std::string_view rest = url.substr(plain ? 7 : 8);
    const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
    std::string_view place = rest.substr(0, slash);
    std::string_view port = plain ? "80" : "443";
    const bool bracketed = place.starts_with('[');
    const std::size_t colon = bracketed ? place.find("]:") : place.find(':');
    if (colon != std::string_view::npos) {
        port = place.substr(colon + (bracketed ? 2 : 1));
        place = place.substr(0, colon + (bracketed ? 1 : 0));
    }
    if (bracketed) {
        if (!place.ends_with(']')) {
            return wrong;
        }
        place = place.substr(1, place.size() - 2);
    }
    if (!is_host(place, bracketed) || !is_port(port)) {
        return wrong;
    }
    rest.remove_prefix(slash);
    std::string target = rest.starts_with('/') ? "" : "/";
    return Endpoint{!plain, std::string(place), std::string(port), target.append(rest), {}, {}};
}

noa::Result<std::string> parse_secret(std::string_view secret) {
    constexpr std::string_view prefix = "whsec_";
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) {
        secret.remove_suffix(1);
    }
    secret.remove_prefix(secret.starts_with(prefix) ? prefix.size() : 0);
    std::string key(longest_key + 1, '\0');
    std::size_t size = 0;
    const int failed =
        sodium_base642bin(reinterpret_cast<unsigned char*>(key.data()), key.size(), secret.data(),
                          secret.size(), nullptr, &size, nullptr, sodium_base64_VARIANT_ORIGINAL);
    if (failed != 0 || size < shortest_key || size > longest_key) {
        return noa::invalid("must be whsec_ and 24 to 64 bytes in base64");
    }
    key.resize(size);
    return key;
}

std::string signatures(const std::vector<std::string>& keys, std::string_view id,
                       std::int64_t timestamp, std::string_view body) {
    std::string head(id);
    head.append(".").append(std::to_string(timestamp)).append(".");
    const auto add = [](crypto_auth_hmacsha256_state& state, std::string_view text) {
        crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(text.data()),
                                      text.size());
    };
    std::string all;
    for (const std::string& key : keys) {
        crypto_auth_hmacsha256_state state;
        std::array<unsigned char, crypto_auth_hmacsha256_BYTES> sum{};
        crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key.data()),
                                    key.size());
        add(state, head);
        add(state, body);
        crypto_auth_hmacsha256_final(&state, sum.data());
        all.append(all.empty() ? "v1," : " v1,").append(base64(sum.data(), sum.size()));
    }
    return all;
}

} // namespace communication
