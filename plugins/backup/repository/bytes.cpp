#include "bytes.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace backup {

namespace {

int digit_of(char letter) noexcept {
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

} // namespace

std::string to_hex(View bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const unsigned byte : bytes) {
        text += digits[byte >> 4U];
        text += digits[byte & 0xFU];
    }
    return text;
}

bool from_hex(std::string_view text, std::span<std::uint8_t> into) noexcept {
    if (text.size() != into.size() * 2) {
        return false;
    }
    for (std::size_t at = 0; at < into.size(); ++at) {
        const int high = digit_of(text[2 * at]);
        const int low = digit_of(text[2 * at + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        into[at] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return true;
}

std::string to_base64(View bytes) {
    std::string text((bytes.size() + 2) / 3 * 4, '\0');
    EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                    static_cast<int>(bytes.size()));
    return text;
}

noa::sdk::Result<Bytes> from_base64(std::string_view text) {
    const auto bad = [] { return noa::sdk::invalid("not base64"); };
    if (text.size() % 4 != 0 || text.size() > (1U << 24U)) {
        return bad();
    }
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') {
        ++padding;
    }
    Bytes bytes(text.size() / 4 * 3);
    // EVP_DecodeBlock skips white space and then counts wrongly.
    if (text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") <
        text.size() - padding) {
        return bad();
    }
    const int size =
        EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                        static_cast<int>(text.size()));
    if (size < 0 || static_cast<std::size_t>(size) < padding) {
        return bad();
    }
    bytes.resize(static_cast<std::size_t>(size) - padding);
    return bytes;
}

noa::sdk::Status fill_random(std::span<std::uint8_t> bytes) {
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
        return noa::sdk::failed("the system has no random numbers");
    }
    return {};
}

void wipe(std::span<std::uint8_t> bytes) noexcept {
    OPENSSL_cleanse(bytes.data(), bytes.size());
}

} // namespace backup
