#include "chunker.hpp"

#include <algorithm>

#include "polynomial.hpp"

namespace backup {

Chunker::Chunker(std::uint64_t polynomial, unsigned mask_bits, std::size_t smallest,
                 std::size_t largest)
    : mask_((std::uint64_t{1} << mask_bits) - 1), smallest_(smallest), largest_(largest) {
    for (std::uint64_t byte = 0; byte < 256; ++byte) {
        std::uint64_t digest = polynomial_mod(byte, polynomial);
        for (std::size_t round = 1; round < window; ++round) {
            digest = polynomial_mod(digest << 8U, polynomial);
        }
        out_[byte] = digest;
        const std::uint64_t top = byte << static_cast<unsigned>(polynomial_degree);
        mod_[byte] = polynomial_mod(top, polynomial) | top;
    }
}

std::uint64_t Chunker::fingerprint(const std::uint8_t* end) const noexcept {
    std::uint64_t digest = 0;
    for (const std::uint8_t* at = end - window; at < end; ++at) {
        digest = ((digest << 8U) | *at) ^ mod_[digest >> top_shift];
    }
    return digest;
}

std::size_t Chunker::cut(View data, std::size_t scanned) const noexcept {
    const std::size_t to = std::min(data.size(), largest_);
    std::size_t from = std::max(smallest_, scanned + 1);
    for (; from + lanes * lane_bytes <= to; from += lanes * lane_bytes) {
        if (const std::size_t found = scan_lanes(data.data(), from); found != 0) {
            return found;
        }
    }
    if (from <= to) {
        if (const std::size_t found = scan(data.data(), from, to); found != 0) {
            return found;
        }
    }
    return data.size() >= largest_ ? largest_ : 0;
}

// The first cut in [from, to]; 0 for none.
std::size_t Chunker::scan(const std::uint8_t* data, std::size_t from,
                          std::size_t to) const noexcept {
    std::uint64_t digest = fingerprint(data + from);
    while ((digest & mask_) != 0) {
        if (from == to) {
            return 0;
        }
        digest = roll(digest, data[from - window], data[from]);
        ++from;
    }
    return from;
}

// The first cut in [from, from + lanes * lane_bytes).
std::size_t Chunker::scan_lanes(const std::uint8_t* data, std::size_t from) const noexcept {
    std::array<std::uint64_t, lanes> digest{};
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        digest[lane] = fingerprint(data + from + lane * lane_bytes);
    }
    for (const std::uint8_t* at = data + from; at < data + from + lane_bytes; ++at) {
        std::uint64_t none = 1;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            none &= std::uint64_t{(digest[lane] & mask_) != 0};
        }
        if (none == 0) { // an earlier lane may have one further on
            return scan(data, from, from + lanes * lane_bytes - 1);
        }
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::uint8_t* place = at + lane * lane_bytes;
            digest[lane] = roll(digest[lane], place[-static_cast<int>(window)], *place);
        }
    }
    return 0;
}

} // namespace backup
