// Blobs into packs, packs into the index.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_set>
#include <vector>

#include "repository.hpp"

namespace backup {

// A pack is closed when it has grown beyond it.
inline constexpr std::uint64_t pack_size = std::uint64_t{16} << 20U;

struct WriteFigures {
    std::uint64_t blobs = 0;       // that were not there before
    std::uint64_t plain_bytes = 0; // of these
    std::uint64_t bytes = 0;       // as they are in packs
};

// What one thread needs to make blobs.
struct BlobForge {
    Sealer sealer;
    Compressor compressor;
    Bytes buffer;
};

// Threads  any; each has a forge of its own.
class BlobWriter {
public:
    explicit BlobWriter(Repository& repository) : repository_(&repository) {}

    [[nodiscard]] noa::sdk::Result<BlobForge> forge() const;

    // `id` is the hash of `plain`. Stored unless it is there, or on its way, already: true when it
    // was not. On the disk after finish.
    [[nodiscard]] noa::sdk::Result<bool> save(BlobKind kind, const Id& id, View plain,
                                              BlobForge& forge);
    // As it is in another pack of the same repository, there already or not.
    [[nodiscard]] noa::sdk::Status save_sealed(const PackedBlob& blob, View sealed);
    // Closes the packs and lists them, and all since the last time, in the index.
    [[nodiscard]] noa::sdk::Status finish();
    // For who writes the index himself.
    [[nodiscard]] noa::sdk::Status close_packs();
    void leave_index() noexcept { index_interval_ = 0; }

    [[nodiscard]] WriteFigures figures() const noexcept {
        return {blobs_.load(), plain_bytes_.load(), bytes_.load()};
    }

private:
    struct Pack {
        std::unique_ptr<NewFile> file;
        Sha256 hash;
        std::vector<PackedBlob> blobs;
        std::uint64_t size = 0;
    };
    struct Place {
        std::mutex mutex;
        std::unique_ptr<Pack> pack; // guarded by mutex
    };

    [[nodiscard]] noa::sdk::Status append(const PackedBlob& blob, View sealed);
    [[nodiscard]] noa::sdk::Status close(Pack& pack);
    [[nodiscard]] noa::sdk::Status write_index(bool all);
    bool reserve(const Id& id, BlobKind kind);
    std::unordered_set<Id, IdHash>& pending(BlobKind kind) {
        return pending_[static_cast<std::size_t>(kind)];
    }

    Repository* repository_;
    std::array<Place, 2> places_; // by kind
    // Guarded by the repository's index_mutex: what is in packs that are not closed yet.
    std::array<std::unordered_set<Id, IdHash>, 2> pending_;
    std::mutex index_file_mutex_;
    std::size_t indexed_ = SIZE_MAX;  // guarded by index_file_mutex_; SIZE_MAX: nothing yet
    std::size_t packs_since_ = 0;     // guarded by index_file_mutex_
    std::size_t index_interval_ = 16; // packs; 0: never
    std::atomic<std::uint64_t> blobs_{0};
    std::atomic<std::uint64_t> plain_bytes_{0};
    std::atomic<std::uint64_t> bytes_{0};
};

} // namespace backup
