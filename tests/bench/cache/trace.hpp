// Requests for keys, one after the other, to try policies on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace noa::bench {

using Trace = std::vector<std::uint64_t>;

// A number a line, other lines are skipped (as LIRS and Caffeine keep theirs). Nothing when the
// file cannot be read or has none.
[[nodiscard]] std::optional<Trace> read_trace(const std::string& path);

// `keys` in a circle.
[[nodiscard]] Trace loop_trace(std::uint64_t keys, std::size_t requests);
// The key of rank r in proportion to 1/r^skew.
[[nodiscard]] Trace zipf_trace(std::uint64_t keys, double skew, std::size_t requests);
// As zipf, and every other request is for a key that never comes again.
[[nodiscard]] Trace scanned_trace(std::uint64_t keys, double skew, std::size_t requests);

// Hits of 100 requests in a cache of `size` entries.
[[nodiscard]] double rate_of_lru(const Trace& trace, std::size_t size);
[[nodiscard]] double rate_of_optimum(const Trace& trace, std::size_t size); // Belady's
[[nodiscard]] double rate_of_store(const Trace& trace, std::size_t size);

} // namespace noa::bench
