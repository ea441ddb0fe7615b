#include "base/digest.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <vector>

namespace noa {

std::string Digest::hex() {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::array<unsigned char, crypto_hash_sha256_BYTES> raw{};
    crypto_hash_sha256_final(&state_, raw.data());
    std::string out;
    out.reserve(raw.size() * 2);
    for (const auto byte : raw) {
        out += digits[byte >> 4U];
        out += digits[byte & 0xfU];
    }
    return out;
}

std::string digest_of(std::string_view text) {
    Digest digest;
    digest.add(text);
    return digest.hex();
}

Result<std::string> digest_of_file(int fd, const std::string& path) {
    constexpr std::size_t piece = std::size_t{64} * 1024;
    std::vector<std::byte> buffer(piece);
    Digest digest;
    off_t offset = 0;
    while (true) {
        const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), offset);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno("read file", path, errno);
        }
        if (got == 0) {
            return digest.hex();
        }
        digest.add(std::span(buffer).first(static_cast<std::size_t>(got)));
        offset += got;
    }
}

} // namespace noa
