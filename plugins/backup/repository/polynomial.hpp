// Polynomials over the field of two elements, a bit a coefficient.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>

#include "noa/sdk/result.hpp"

namespace backup {

// Of those that chunkers cut by.
inline constexpr int polynomial_degree = 53;

[[nodiscard]] constexpr int degree_of(std::uint64_t polynomial) noexcept {
    return 63 - std::countl_zero(polynomial); // -1 of zero
}

[[nodiscard]] constexpr std::uint64_t polynomial_mod(std::uint64_t value,
                                                     std::uint64_t divisor) noexcept {
    const int degree = degree_of(divisor);
    for (int over = degree_of(value) - degree; over >= 0; over = degree_of(value) - degree) {
        value ^= divisor << static_cast<unsigned>(over);
    }
    return value;
}

// Whether it has degree polynomial_degree and no factors (Ben-Or's test).
[[nodiscard]] bool is_irreducible(std::uint64_t polynomial) noexcept;

[[nodiscard]] noa::sdk::Result<std::uint64_t> random_polynomial();

} // namespace backup
