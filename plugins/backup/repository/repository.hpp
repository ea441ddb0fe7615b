// A repository in restic's format (version 2; version 1 is read and written, too): opened with a
// password, its index in memory.
//
// Order     writers: packs, then the index that lists them, then the snapshot. Readers: snapshots,
//           then the index. So whatever ends at any moment leaves what was there before.
// Threads   any, unless a function says otherwise.
#pragma once

#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "compression.hpp"
#include "config.hpp"
#include "index.hpp"
#include "key_file.hpp"
#include "snapshot.hpp"
#include "store.hpp"

namespace backup {

// Who writes: in keys, locks and snapshots.
struct Origin {
    std::string hostname;
    std::string username;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::uint32_t pid = 0;
    std::uint64_t started = 0; // of the process: tells it from a former one with its pid

    [[nodiscard]] static Origin of_this_process();
};

struct StoredKey {
    Id id;
    KeyFile key;
};

class Repository {
public:
    using Ptr = std::unique_ptr<Repository>;

    [[nodiscard]] static noa::sdk::Result<Ptr>
    create(std::unique_ptr<Store> store, std::string_view password, const Origin& origin);
    // With a chunker that cuts like another repository's, so that copies between them share data.
    [[nodiscard]] static noa::sdk::Result<Ptr> create(std::unique_ptr<Store> store,
                                                      std::string_view password,
                                                      const Origin& origin,
                                                      std::uint64_t polynomial);
    // NOA_E_DENIED: no key is the password's.
    [[nodiscard]] static noa::sdk::Result<Ptr> open(std::unique_ptr<Store> store,
                                                    std::string_view password);

    // Reads all of index/ anew.  Nobody else uses the index meanwhile.
    [[nodiscard]] noa::sdk::Status load_index();
    [[nodiscard]] std::optional<Location> find(const Id& id, BlobKind kind) const;

    // Files that are no packs: JSON, compressed and encrypted.
    [[nodiscard]] noa::sdk::Result<std::string> load_document(FileKind kind, const Id& id);
    [[nodiscard]] noa::sdk::Result<Id> save_document(FileKind kind, std::string_view json);

    // All, oldest first. One that cannot be read is an error that names it.
    [[nodiscard]] noa::sdk::Result<std::vector<Snapshot>> snapshots();
    // By the start of its id, or "latest".  NOA_E_NOT_FOUND, NOA_E_INVALID where several match.
    [[nodiscard]] noa::sdk::Result<Snapshot> snapshot(std::string_view id);
    [[nodiscard]] noa::sdk::Result<Id> save_snapshot(const Snapshot& snapshot);

    [[nodiscard]] noa::sdk::Result<std::vector<StoredKey>> keys();
    [[nodiscard]] noa::sdk::Result<Id> add_key(std::string_view password, const Origin& origin);
    // NOA_E_STATE for the key that this was opened with.
    [[nodiscard]] noa::sdk::Status remove_key(const Id& id);
    [[nodiscard]] const Id& key() const noexcept { return key_id_; }

    [[nodiscard]] const RepositoryConfig& config() const noexcept { return config_; }
    [[nodiscard]] Store& store() const noexcept { return *store_; }
    [[nodiscard]] noa::sdk::Result<Sealer> sealer() const { return Sealer::make(master_); }

    // For what reads or writes much of it; lock index_mutex.
    [[nodiscard]] Index& index() noexcept { return index_; }
    [[nodiscard]] std::shared_mutex& index_mutex() const noexcept { return index_mutex_; }

private:
    explicit Repository(std::unique_ptr<Store> store) : store_(std::move(store)) {}

    std::unique_ptr<Store> store_;
    RepositoryConfig config_;
    MasterKey master_;
    Id key_id_;
    mutable std::shared_mutex index_mutex_;
    Index index_; // guarded by index_mutex_
};

// Reads blobs. Belongs to one thread at a time.
class BlobReader {
public:
    [[nodiscard]] static noa::sdk::Result<BlobReader> make(Repository& repository);
    // Decrypted, decompressed, and the bytes that its id is the hash of.
    [[nodiscard]] noa::sdk::Result<Bytes> read(const Id& id, BlobKind kind);
    [[nodiscard]] noa::sdk::Result<Bytes> read(const Location& location);
    // Of what was read already; `sealed` is overwritten.
    [[nodiscard]] noa::sdk::Result<Bytes> open(const PackedBlob& blob,
                                               std::span<std::uint8_t> sealed);
    // The blobs of a pack, from the header at its end.
    [[nodiscard]] noa::sdk::Result<std::vector<PackedBlob>> read_header(const Id& pack);

private:
    BlobReader(Repository& repository, Sealer sealer)
        : repository_(&repository), sealer_(std::move(sealer)) {}
    Repository* repository_;
    Sealer sealer_;
    Decompressor decompressor_;
    Bytes sealed_;
};

} // namespace backup
