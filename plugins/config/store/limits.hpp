// What the store keeps at most.
#pragma once

#include <cstdint>

namespace config {

struct Limits {
    std::uint64_t versions = 10;                // of a document, the current one included
    std::uint64_t version_bytes = 16ULL << 20U; // of a document
    std::uint64_t events = 10'000;              // that watchers may go back
    std::uint64_t event_bytes = 64ULL << 20U;   // of their patches
    std::uint64_t audit_entries = 1'000'000;
};

} // namespace config
