#include <string>

#include "repository.hpp"

namespace backup {

namespace {

constexpr std::size_t longest_header = std::size_t{32} << 20U;

std::string place_of(const PackedBlob& blob, const Id& pack) {
    return std::string(blob.kind == BlobKind::tree ? "tree " : "data ") + blob.id.short_hex() +
           " in pack " + pack.short_hex() + ": ";
}

} // namespace

noa::sdk::Result<BlobReader> BlobReader::make(Repository& repository) {
    auto sealer = repository.sealer();
    if (!sealer) {
        return sealer.error();
    }
    return BlobReader(repository, *std::move(sealer));
}

noa::sdk::Result<Bytes> BlobReader::read(const Id& id, BlobKind kind) {
    const auto location = repository_->find(id, kind);
    if (!location) {
        return noa::sdk::not_found(std::string(kind == BlobKind::tree ? "tree " : "data ") +
                                   id.short_hex() + ": in no index");
    }
    return read(*location);
}

noa::sdk::Result<Bytes> BlobReader::read(const Location& location) {
    sealed_.resize(location.blob.size);
    if (noa::sdk::Status read = repository_->store().read({FileKind::data, location.pack},
                                                          location.blob.offset, sealed_);
        !read) {
        return read.error();
    }
    auto plain = open(location.blob, sealed_);
    if (!plain) {
        plain.error().text.insert(0, place_of(location.blob, location.pack));
    }
    return plain;
}

noa::sdk::Result<Bytes> BlobReader::open(const PackedBlob& blob, std::span<std::uint8_t> sealed) {
    const auto text = sealer_.open(sealed);
    if (!text) {
        return text.error();
    }
    auto plain = blob.plain_size != 0 ? decompressor_.decompress(*text, blob.plain_size)
                                      : noa::sdk::Result<Bytes>(Bytes(text->begin(), text->end()));
    if (plain && sha256(*plain) != blob.id) {
        return noa::sdk::invalid("its content does not have its hash");
    }
    return plain;
}

noa::sdk::Result<std::vector<PackedBlob>> BlobReader::read_header(const Id& pack) {
    const FileName name{FileKind::data, pack};
    const std::string what = "pack " + pack.short_hex() + ": ";
    const auto size = repository_->store().size(name);
    if (!size) {
        return size.error();
    }
    std::array<std::uint8_t, 4> length{};
    if (*size < length.size()) {
        return noa::sdk::invalid(what + "too short");
    }
    if (noa::sdk::Status read = repository_->store().read(name, *size - 4, length); !read) {
        return read.error();
    }
    const std::uint64_t header_size = read_le32(length.data());
    if (header_size > longest_header || header_size + 4 > *size) {
        return noa::sdk::invalid(what + "its header cannot be as long as it says");
    }
    Bytes header(static_cast<std::size_t>(header_size));
    const std::uint64_t data_size = *size - 4 - header_size;
    if (noa::sdk::Status read = repository_->store().read(name, data_size, header); !read) {
        return read.error();
    }
    const auto text = sealer_.open(header);
    auto blobs = text ? parse_pack_header(*text, data_size)
                      : noa::sdk::Result<std::vector<PackedBlob>>(text.error());
    if (!blobs) {
        blobs.error().text.insert(0, what);
    }
    return blobs;
}

} // namespace backup
