// SHA-256, the identity of files and settings (what `sha256sum` prints).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <sodium/crypto_hash_sha256.h>

#include "base/result.hpp"

namespace noa {

class Digest {
public:
    Digest() noexcept { crypto_hash_sha256_init(&state_); }
    void add(std::span<const std::byte> bytes) noexcept {
        crypto_hash_sha256_update(&state_, reinterpret_cast<const unsigned char*>(bytes.data()),
                                  bytes.size());
    }
    void add(std::string_view text) noexcept { add(std::as_bytes(std::span(text))); }
    // 64 lower-case hexadecimal digits. Ends the digest.
    [[nodiscard]] std::string hex();

private:
    crypto_hash_sha256_state state_{};
};

[[nodiscard]] std::string digest_of(std::string_view text);

// Reads the file behind `fd` from its start, in pieces.
[[nodiscard]] Result<std::string> digest_of_file(int fd, const std::string& path);

} // namespace noa
