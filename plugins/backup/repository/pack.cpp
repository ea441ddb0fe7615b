#include "pack.hpp"

#include <string>

namespace backup {

namespace {

constexpr std::size_t plain_entry = 1 + 4 + 32;
constexpr std::size_t compressed_entry = 1 + 4 + 4 + 32;

noa::sdk::Error bad(const char* why) {
    return noa::sdk::invalid(std::string("pack header: ") + why);
}

} // namespace

noa::sdk::Result<std::vector<PackedBlob>> parse_pack_header(View header, std::uint64_t data_size) {
    std::vector<PackedBlob> blobs;
    std::uint64_t offset = 0;
    while (!header.empty()) {
        const unsigned type = header[0];
        if (type > 3) {
            return bad("a type of blob that is not known");
        }
        const bool compressed = (type & 2U) != 0;
        const std::size_t entry = compressed ? compressed_entry : plain_entry;
        if (header.size() < entry || blobs.size() == most_pack_blobs) {
            return bad(header.size() < entry ? "cut short" : "too many blobs");
        }
        PackedBlob blob;
        blob.kind = (type & 1U) != 0 ? BlobKind::tree : BlobKind::data;
        blob.offset = static_cast<std::uint32_t>(offset);
        blob.size = read_le32(header.data() + 1);
        blob.plain_size = compressed ? read_le32(header.data() + 5) : 0;
        std::memcpy(blob.id.bytes.data(), header.data() + entry - 32, 32);
        offset += blob.size;
        if (offset > data_size || offset > UINT32_MAX || blob.size > largest_blob ||
            blob.plain_size > largest_blob || (compressed && blob.plain_size == 0)) {
            return bad("sizes that cannot be");
        }
        blobs.push_back(blob);
        header = header.subspan(entry);
    }
    if (offset != data_size) {
        return bad("it does not describe all that is there");
    }
    return blobs;
}

void append_pack_header(Bytes& header, const PackedBlob& blob) {
    const bool compressed = blob.plain_size != 0;
    header.push_back(static_cast<std::uint8_t>((blob.kind == BlobKind::tree ? 1U : 0U) |
                                               (compressed ? 2U : 0U)));
    append_le32(header, blob.size);
    if (compressed) {
        append_le32(header, blob.plain_size);
    }
    header.insert(header.end(), blob.id.bytes.begin(), blob.id.bytes.end());
}

} // namespace backup
