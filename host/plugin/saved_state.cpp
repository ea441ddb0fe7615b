#include "plugin/saved_state.hpp"

#include <algorithm>
#include <cstring>

// A state of the checksum on the stack; the library and its header are of one package.
#define XXH_STATIC_LINKING_ONLY // NOLINT(cppcoreguidelines-macro-usage): its own switch
#include <xxhash.h>

namespace noa::plugin {

void SavedState::append(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const auto used = static_cast<std::size_t>(size_ % piece_bytes);
        if (used == 0 && size_ / piece_bytes == pieces_.size()) {
            pieces_.push_back(std::make_unique_for_overwrite<std::byte[]>(piece_bytes));
        }
        const auto part = std::min(bytes.size(), piece_bytes - used);
        std::memcpy(pieces_.back().get() + used, bytes.data(), part);
        size_ += part;
        bytes = bytes.subspan(part);
    }
}

std::uint64_t SavedState::sum() const noexcept {
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    auto left = size_;
    for (const auto& piece : pieces_) {
        const auto part = std::min<std::uint64_t>(left, piece_bytes);
        XXH3_64bits_update(&state, piece.get(), part);
        left -= part;
    }
    return XXH3_64bits_digest(&state);
}

Result<void> SavedState::verify() const {
    if (sum() != checksum_) {
        return fail(Errc::internal, "restore state", "schema " + std::to_string(schema_),
                    "its checksum is wrong: it was overwritten between save and restore");
    }
    return {};
}

std::uint64_t SavedState::read(std::uint64_t offset, std::span<std::byte> buffer) const noexcept {
    std::uint64_t done = 0;
    while (done < buffer.size() && offset < size_) {
        const auto within = offset % piece_bytes;
        const auto part = std::min({buffer.size() - done, piece_bytes - within, size_ - offset});
        std::memcpy(buffer.data() + done, pieces_[offset / piece_bytes].get() + within, part);
        done += part;
        offset += part;
    }
    return done;
}

} // namespace noa::plugin
