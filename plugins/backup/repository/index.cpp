#include "index.hpp"

namespace backup {

std::uint32_t Index::pack_number(const Id& pack) {
    const auto [at, fresh] = numbers_.try_emplace(pack, static_cast<std::uint32_t>(packs_.size()));
    if (fresh) {
        packs_.push_back(pack);
    }
    return at->second;
}

void Index::add(std::uint32_t pack, const PackedBlob& blob) {
    if ((entries_.size() + 1) * 4 > table_.size() * 3) {
        grow();
    }
    const auto position = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({blob.id, pack, blob.offset,
                        blob.size | (blob.kind == BlobKind::tree ? tree_bit : 0), blob.plain_size});
    const std::size_t mask = table_.size() - 1;
    std::size_t at = IdHash{}(blob.id) & mask;
    while (table_[at] != none) {
        const Entry& other = entries_[table_[at]];
        if (other.id == blob.id && (other.size & tree_bit) == (entries_.back().size & tree_bit)) {
            return;
        }
        at = (at + 1) & mask;
    }
    table_[at] = position;
}

void Index::grow() {
    const std::vector<std::uint32_t> former = std::move(table_);
    table_.assign(former.empty() ? 1024 : former.size() * 2, none);
    const std::size_t mask = table_.size() - 1;
    for (const std::uint32_t position : former) {
        if (position == none) {
            continue;
        }
        std::size_t at = IdHash{}(entries_[position].id) & mask;
        while (table_[at] != none) {
            at = (at + 1) & mask;
        }
        table_[at] = position;
    }
}

const std::uint32_t* Index::slot(const Id& id, BlobKind kind) const {
    if (table_.empty()) {
        return nullptr;
    }
    const std::size_t mask = table_.size() - 1;
    for (std::size_t at = IdHash{}(id)&mask; table_[at] != none; at = (at + 1) & mask) {
        const Entry& entry = entries_[table_[at]];
        if (entry.id == id && ((entry.size & tree_bit) != 0) == (kind == BlobKind::tree)) {
            return &table_[at];
        }
    }
    return nullptr;
}

PackedBlob Index::blob_of(const Entry& entry) {
    return {entry.id, (entry.size & tree_bit) != 0 ? BlobKind::tree : BlobKind::data, entry.offset,
            entry.size & ~tree_bit, entry.plain_size};
}

std::optional<Location> Index::find(const Id& id, BlobKind kind) const {
    const std::uint32_t* found = slot(id, kind);
    if (found == nullptr) {
        return std::nullopt;
    }
    const Entry& entry = entries_[*found];
    return Location{packs_[entry.pack], blob_of(entry)};
}

std::optional<std::size_t> Index::position(const Id& id, BlobKind kind) const {
    const std::uint32_t* found = slot(id, kind);
    return found != nullptr ? std::optional<std::size_t>(*found) : std::nullopt;
}

} // namespace backup
