// The header at the end of a pack: what it holds.
#pragma once

#include <vector>

#include "id.hpp"

namespace backup {

enum class BlobKind : std::uint8_t { data, tree };

struct PackedBlob {
    Id id; // of its plain text
    BlobKind kind = BlobKind::data;
    std::uint32_t offset = 0;
    std::uint32_t size = 0;       // in the pack, encrypted
    std::uint32_t plain_size = 0; // 0: not compressed
};

// An encrypted blob as long as it may be; restic's are at most 8 MiB of data, its trees may be
// longer.
inline constexpr std::uint32_t largest_blob = std::uint32_t{256} << 20U;
inline constexpr std::size_t most_pack_blobs = 1U << 20U;

// The decrypted header. Offsets follow from the sizes; all of it within `data_size`, which the
// blobs before the header fill exactly.
[[nodiscard]] noa::sdk::Result<std::vector<PackedBlob>> parse_pack_header(View header,
                                                                          std::uint64_t data_size);
void append_pack_header(Bytes& header, const PackedBlob& blob);

} // namespace backup
