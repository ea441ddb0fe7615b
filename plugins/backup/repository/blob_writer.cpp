#include "blob_writer.hpp"

#include <algorithm>
#include <utility>

#include "index_file.hpp"

namespace backup {

namespace {

constexpr std::size_t most_blobs_of_pack = 16'384; // small ones

} // namespace

noa::sdk::Result<BlobForge> BlobWriter::forge() const {
    auto sealer = repository_->sealer();
    if (!sealer) {
        return sealer.error();
    }
    return BlobForge{*std::move(sealer), {}, {}};
}

bool BlobWriter::reserve(const Id& id, BlobKind kind) {
    const std::unique_lock lock(repository_->index_mutex());
    return !repository_->index().has(id, kind) && pending(kind).insert(id).second;
}

noa::sdk::Result<bool> BlobWriter::save(BlobKind kind, const Id& id, View plain, BlobForge& forge) {
    if (!reserve(id, kind)) {
        return false;
    }
    PackedBlob blob{.id = id, .kind = kind};
    Bytes& buffer = forge.buffer;
    if (repository_->config().version > 1) {
        if (noa::sdk::Status done = forge.compressor.compress(plain, iv_size, buffer); !done) {
            return done.error();
        }
        blob.plain_size = static_cast<std::uint32_t>(plain.size());
    }
    if (blob.plain_size == 0 || buffer.size() - iv_size >= plain.size()) {
        buffer.resize(iv_size + plain.size());
        std::ranges::copy(plain, buffer.begin() + iv_size);
        blob.plain_size = 0;
    }
    if (noa::sdk::Status sealed = forge.sealer.seal(buffer); !sealed) {
        return sealed.error();
    }
    blob.size = static_cast<std::uint32_t>(buffer.size());
    if (noa::sdk::Status stored = append(blob, buffer); !stored) {
        return stored.error();
    }
    blobs_ += 1;
    plain_bytes_ += plain.size();
    return true;
}

noa::sdk::Status BlobWriter::save_sealed(const PackedBlob& blob, View sealed) {
    return append(blob, sealed);
}

noa::sdk::Status BlobWriter::append(const PackedBlob& blob, View sealed) {
    bytes_ += sealed.size();
    std::unique_ptr<Pack> full;
    Place& place = places_[static_cast<std::size_t>(blob.kind)];
    {
        const std::lock_guard lock(place.mutex);
        if (place.pack == nullptr) {
            auto file = repository_->store().create();
            if (!file) {
                return file.error();
            }
            place.pack = std::make_unique<Pack>();
            place.pack->file = *std::move(file);
        }
        Pack& pack = *place.pack;
        if (noa::sdk::Status written = pack.file->append(sealed); !written) {
            return written;
        }
        pack.hash.update(sealed);
        pack.blobs.push_back(blob);
        pack.blobs.back().offset = static_cast<std::uint32_t>(pack.size);
        pack.size += sealed.size();
        if (pack.size >= pack_size || pack.blobs.size() >= most_blobs_of_pack) {
            full = std::move(place.pack);
        }
    }
    return full ? close(*full) : noa::sdk::Status();
}

noa::sdk::Status BlobWriter::close(Pack& pack) {
    Bytes header(iv_size);
    for (const PackedBlob& blob : pack.blobs) {
        append_pack_header(header, blob);
    }
    auto sealer = repository_->sealer();
    if (!sealer) {
        return sealer.error();
    }
    if (noa::sdk::Status sealed = sealer->seal(header); !sealed) {
        return sealed;
    }
    append_le32(header, static_cast<std::uint32_t>(header.size()));
    pack.hash.update(header);
    const Id id = pack.hash.finish();
    noa::sdk::Status done = pack.file->append(header);
    if (done) {
        done = pack.file->finish({FileKind::data, id});
    }
    if (!done) {
        return done;
    }
    bytes_ += header.size();
    {
        const std::scoped_lock lock(index_file_mutex_, repository_->index_mutex());
        Index& index = repository_->index();
        if (indexed_ == SIZE_MAX) {
            indexed_ = index.size();
        }
        const std::uint32_t number = index.pack_number(id);
        for (const PackedBlob& blob : pack.blobs) {
            index.add(number, blob);
            pending(blob.kind).erase(blob.id);
        }
        ++packs_since_;
    }
    return write_index(false);
}

// Entries are added under both locks: those up to `last` stay as they are while they are written.
noa::sdk::Status BlobWriter::write_index(bool all) {
    const std::lock_guard lock(index_file_mutex_);
    if (indexed_ == SIZE_MAX || index_interval_ == 0 || (!all && packs_since_ < index_interval_)) {
        return {};
    }
    for (;;) {
        std::string json;
        std::size_t last = 0;
        {
            const std::shared_lock reading(repository_->index_mutex());
            last = std::min(repository_->index().size(), indexed_ + most_index_blobs);
            if (last == indexed_) {
                break;
            }
            json = index_json(repository_->index(), indexed_, last);
        }
        if (const auto saved = repository_->save_document(FileKind::index, json); !saved) {
            return saved.error();
        }
        indexed_ = last;
    }
    packs_since_ = 0;
    return {};
}

noa::sdk::Status BlobWriter::close_packs() {
    for (Place& place : places_) {
        std::unique_ptr<Pack> pack;
        {
            const std::lock_guard lock(place.mutex);
            pack = std::move(place.pack);
        }
        if (pack) {
            if (noa::sdk::Status closed = close(*pack); !closed) {
                return closed;
            }
        }
    }
    return {};
}

noa::sdk::Status BlobWriter::finish() {
    noa::sdk::Status closed = close_packs();
    return closed ? write_index(true) : closed;
}

} // namespace backup
