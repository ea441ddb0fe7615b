#include "polynomial.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "bytes.hpp"

namespace backup {

namespace {

// One in 27 has no factors: a million tries fail never.
constexpr unsigned tries = 1'000'000;

std::uint64_t product_mod(std::uint64_t left, std::uint64_t right, std::uint64_t modulus) noexcept {
    std::uint64_t product = 0;
    for (; right != 0; right >>= 1U) {
        product ^= (right & 1U) != 0 ? left : 0;
        left = polynomial_mod(left << 1U, modulus);
    }
    return product;
}

std::uint64_t common_divisor(std::uint64_t left, std::uint64_t right) noexcept {
    while (right != 0) {
        left = std::exchange(right, polynomial_mod(left, right));
    }
    return left;
}

} // namespace

bool is_irreducible(std::uint64_t polynomial) noexcept {
    if (degree_of(polynomial) != polynomial_degree) {
        return false;
    }
    std::uint64_t power = 2; // x to the power of 2 to the power of the round
    for (int round = 1; round <= polynomial_degree / 2; ++round) {
        power = product_mod(power, power, polynomial);
        if (common_divisor(polynomial, power ^ 2U) != 1) {
            return false;
        }
    }
    return true;
}

noa::sdk::Result<std::uint64_t> random_polynomial() {
    for (unsigned round = 0; round < tries; ++round) {
        std::array<std::uint8_t, 8> bytes{};
        if (noa::sdk::Status filled = fill_random(bytes); !filled) {
            return filled.error();
        }
        std::uint64_t candidate = 0;
        std::memcpy(&candidate, bytes.data(), sizeof candidate);
        constexpr std::uint64_t top = std::uint64_t{1} << polynomial_degree;
        candidate = (candidate & (top - 1)) | top | 1U;
        if (is_irreducible(candidate)) {
            return candidate;
        }
    }
    return noa::sdk::failed("no irreducible polynomial found");
}

} // namespace backup
