// A snapshot: what the cache holds, in a file of the agent's directory. Written beside, then
// renamed: under its name there is a whole one, or none. Each entry is as it was at some moment
// while the snapshot was written.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>

#include "../store/image.hpp"
#include "../store/shared.hpp"
#include "block.hpp"

namespace cache::snapshot {

inline constexpr const char* file_name = "cache.snapshot";
inline constexpr const char* aside_name = "cache.snapshot.unusable";

// One moment on both clocks: ends of life are kept on the wall's.
struct Moment {
    Instant now;
    std::int64_t wall_ms;
};
using Clock = std::function<Moment()>;

struct Written {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
};
// Takes the store for a slice of entries at a time. NOA_E_FAILED: the directory, or the system; a
// former snapshot is still there.  [any]
noa::Result<Written> write(const std::string& directory, Shared<Opened>& shared, const Clock& clock,
                           const std::stop_token& stop);

// Where a snapshot is read from. `read` fills all of it, or says false.
struct Source {
    std::function<bool(std::uint64_t offset, char* into, std::size_t size)> read;
    std::uint64_t size = 0;
};

struct Loaded {
    std::uint64_t entries = 0;
    std::uint64_t expired = 0;  // their end came meanwhile
    std::uint64_t left_out = 0; // no room, or no time
    std::int64_t written_ms = 0;
};
// All of it is checked before an entry is taken. REQUIRES: the store is empty. `enough` is asked
// every some thousand entries: what comes after it is left out. NOA_E_INVALID says why it cannot
// be used; the store may have adopted its seed then.
noa::Result<Loaded> load(const Source& source, Store& store, const Moment& at,
                         const std::function<bool()>& enough);
// From the directory. NOA_E_NOT_FOUND: there is none. One that cannot be used is put aside.
noa::Result<Loaded> load(const std::string& directory, Store& store, const Moment& at,
                         const std::function<bool()>& enough);
// Reads all of the one in the directory, if there is one, and changes nothing.  [any]
noa::Status check(const std::string& directory);

} // namespace cache::snapshot
