// What a snapshot's file is made of:
//
//     file     "NOACSNAP", version (4), 0 (4), blocks
//     block    kind (4), count (4), size of the payload (8), XXH64 of these and the payload (8),
//              payload; the number of the block is the hash's seed, so that none is moved or lost
//     head     written at (wall clock, ms), seed of the store's hash (16)
//     entries  namespaces that occur: id (1), size of the name (1), name; a last size of 0; `count`
//              entries: see Entry
//     tags     the table of invalidations
//     end      blocks (8), entries (8): the last one, or the file is torn
//
// Numbers have the lowest byte first. Pure functions of bytes; every byte may be a lie.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../store/store.hpp"

namespace cache::snapshot {

inline constexpr std::string_view file_magic = "NOACSNAP";
inline constexpr std::uint32_t file_version = 1;
inline constexpr std::size_t file_head_bytes = 16;
inline constexpr std::size_t block_head_bytes = 24;
// The largest entry, and the names of namespaces.
inline constexpr std::uint64_t largest_payload = longest_value + longest_key + 8192;

enum class Kind : std::uint32_t { head = 1, entries = 2, tags = 3, end = 4 };

struct BlockHead {
    Kind kind;
    std::uint32_t count;
    std::uint64_t size;
    std::uint64_t hash;
};

[[nodiscard]] std::string file_head();
// Why it is none of ours; empty: it is.
[[nodiscard]] std::string_view fault_of_file_head(std::string_view bytes);

// A whole block, its head included.
[[nodiscard]] std::string make_block(Kind kind, std::uint32_t count, std::uint64_t number,
                                     std::string_view payload);
// Nothing: too large, or of no kind.
[[nodiscard]] std::optional<BlockHead> block_head_of(std::string_view bytes);
[[nodiscard]] bool holds(const BlockHead& head, std::uint64_t number, std::string_view payload);

struct Head {
    std::int64_t written_ms = 0;
    std::array<std::uint64_t, 2> seed{};
};
[[nodiscard]] std::string payload_of(const Head& head);
[[nodiscard]] std::optional<Head> head_of(std::string_view payload);

struct End {
    std::uint64_t blocks = 0; // before this one
    std::uint64_t entries = 0;
};
[[nodiscard]] std::string payload_of(const End& end);
[[nodiscard]] std::optional<End> end_of(std::string_view payload);

// One entry, in views of where it came from.
struct Entry {
    SpaceId space = 0; // as the block names it
    std::string_view key;
    Value value;
    std::string_view marks;  // of its tags
    std::int64_t end_ms = 0; // wall clock; 0: none
};
void append(std::string& out, const Entry& entry);

// Reads the payload of a block of entries.
class EntriesReader {
public:
    explicit EntriesReader(std::string_view payload) noexcept : left_(payload) {}

    // First: the namespaces. False: malformed.
    bool spaces(std::vector<std::pair<SpaceId, std::string_view>>& into);
    // Nothing: malformed.
    [[nodiscard]] std::optional<Entry> next();
    [[nodiscard]] bool at_end() const noexcept { return left_.empty(); }

private:
    template <class T>
    bool number(T& into) noexcept;
    bool text(std::string_view& into, std::uint64_t size) noexcept;

    std::string_view left_;
};

} // namespace cache::snapshot
