#include "base/ids.hpp"

#include <sys/random.h>

#include <bit>
#include <cstring>

#include "base/clock.hpp"

namespace noa {

std::uint64_t random_u64() {
    std::uint64_t value = 0;
    while (::getrandom(&value, sizeof value, 0) != sizeof value) {}
    return value;
}

namespace {

// Per thread, so that no id costs a lock: (milliseconds, 12-bit counter) grows, 62 bits are
// this thread's own random number advanced by an odd step.
struct Generator {
    std::uint64_t milliseconds = 0;
    std::uint64_t random = random_u64();
    std::uint64_t step = random_u64() | 1U;
    std::uint32_t counter = 0;
};

void put_big_endian(std::uint64_t value, std::uint8_t* out) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        value = __builtin_bswap64(value);
    }
    std::memcpy(out, &value, sizeof value);
}

} // namespace

noa_id make_id() noexcept {
    return make_id(coarse_unix_ns());
}

noa_id make_id(std::int64_t unix_ns) noexcept {
    thread_local Generator generator;
    const auto now = static_cast<std::uint64_t>(unix_ns) / 1'000'000U;
    if (now > generator.milliseconds) {
        generator.milliseconds = now;
        generator.counter = 0;
    } else if (++generator.counter > 0xfffU) {
        ++generator.milliseconds; // runs ahead of the clock rather than repeat
        generator.counter = 0;
    }
    generator.random += generator.step;
    noa_id id{};
    put_big_endian((generator.milliseconds << 16U) | 0x7000U | generator.counter, id.bytes);
    put_big_endian((generator.random & 0x3fffffffffffffffU) | 0x8000000000000000U, id.bytes + 8);
    return id;
}

std::string to_string(const noa_id& id) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(36);
    for (std::size_t i = 0; i < sizeof id.bytes; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            out += '-';
        }
        out += digits[id.bytes[i] >> 4U];
        out += digits[id.bytes[i] & 0xfU];
    }
    return out;
}

namespace {

std::optional<std::uint8_t> nibble(char c) noexcept {
    if (c >= '0' && c <= '9') {
        return static_cast<std::uint8_t>(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return static_cast<std::uint8_t>(c - 'a' + 10);
    }
    return std::nullopt;
}

} // namespace

std::optional<noa_id> parse_id(std::string_view text) {
    if (text.size() != 36) {
        return std::nullopt;
    }
    noa_id id{};
    std::size_t at = 0;
    for (auto& byte : id.bytes) {
        if (at == 8 || at == 13 || at == 18 || at == 23) {
            if (text[at++] != '-') {
                return std::nullopt;
            }
        }
        const auto high = nibble(text[at]);
        const auto low = nibble(text[at + 1]);
        if (!high || !low) {
            return std::nullopt;
        }
        byte = static_cast<std::uint8_t>((*high << 4U) | *low);
        at += 2;
    }
    return id;
}

} // namespace noa
