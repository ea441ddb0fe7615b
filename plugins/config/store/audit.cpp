#include "audit.hpp"

#include <array>

#include <sodium/crypto_hash_sha256.h>

namespace config {

std::string sha256(std::string_view text) {
    std::array<unsigned char, crypto_hash_sha256_BYTES> digest{};
    crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size());
    constexpr const char* digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(digest.size() * 2);
    for (const unsigned byte : digest) {
        hex += digits[byte >> 4U];
        hex += digits[byte & 0xFU];
    }
    return hex;
}

std::string chained(std::string_view previous, const AuditEntry& entry) {
    std::string whole;
    const auto add = [&whole](std::string_view part) {
        whole.append(std::to_string(part.size())).append(":").append(part);
    };
    add(previous);
    add(std::to_string(entry.seq));
    add(entry.at);
    add(entry.author);
    add(entry.action);
    add(entry.name);
    add(entry.layer);
    add(std::to_string(entry.revision));
    add(entry.digest);
    add(entry.reason);
    return sha256(whole);
}

} // namespace config
