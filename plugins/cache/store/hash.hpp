// SipHash-1-3 of a key in its namespace: who does not know the seed cannot choose keys that
// collide.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cache {

using Seed = std::array<std::uint64_t, 2>;

class SipHash {
public:
    SipHash(const Seed& seed, std::uint64_t domain) noexcept
        : v0_(seed[0] ^ 0x736f6d6570736575U), v1_(seed[1] ^ 0x646f72616e646f6dU),
          v2_(seed[0] ^ 0x6c7967656e657261U ^ domain), v3_(seed[1] ^ 0x7465646279746573U) {}

    std::uint64_t operator()(std::string_view text) noexcept {
        std::size_t at = 0;
        for (; at + 8 <= text.size(); at += 8) {
            std::uint64_t word; // NOLINT(cppcoreguidelines-init-variables)
            std::memcpy(&word, text.data() + at, 8);
            take(word);
        }
        std::uint64_t last = std::uint64_t{text.size()} << 56U;
        for (unsigned shift = 0; at < text.size(); ++at, shift += 8) {
            last |= std::uint64_t{static_cast<unsigned char>(text[at])} << shift;
        }
        take(last);
        v2_ ^= 0xffU;
        round();
        round();
        round();
        return v0_ ^ v1_ ^ v2_ ^ v3_;
    }

private:
    void take(std::uint64_t word) noexcept {
        v3_ ^= word;
        round();
        v0_ ^= word;
    }
    void round() noexcept {
        v0_ += v1_;
        v1_ = std::rotl(v1_, 13) ^ v0_;
        v0_ = std::rotl(v0_, 32);
        v2_ += v3_;
        v3_ = std::rotl(v3_, 16) ^ v2_;
        v0_ += v3_;
        v3_ = std::rotl(v3_, 21) ^ v0_;
        v2_ += v1_;
        v1_ = std::rotl(v1_, 17) ^ v2_;
        v2_ = std::rotl(v2_, 32);
    }

    std::uint64_t v0_;
    std::uint64_t v1_;
    std::uint64_t v2_;
    std::uint64_t v3_;
};

} // namespace cache
