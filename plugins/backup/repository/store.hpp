// Where the files of a repository are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "id.hpp"

namespace backup {

enum class FileKind : std::uint8_t { config, key, lock, snapshot, index, data };

struct FileName {
    FileKind kind = FileKind::config;
    Id id; // null of config
};

struct StoredFile {
    Id id;
    std::uint64_t size = 0;
};

// A file in the making: nothing of it is seen before it is finished.
class NewFile {
public:
    NewFile() = default;
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;
    virtual ~NewFile() = default; // what was not finished is gone

    [[nodiscard]] virtual noa::sdk::Status append(View bytes) = 0;
    // On the disk, and there under its name, when it returns; one that is there already stays.
    [[nodiscard]] virtual noa::sdk::Status finish(const FileName& name) = 0;
};

// Every function may be called by any thread at any time. Errors say which file.
class Store {
public:
    Store() = default;
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;
    virtual ~Store() = default;

    [[nodiscard]] virtual noa::sdk::Result<std::unique_ptr<NewFile>> create() = 0;
    // Exactly `into.size()` bytes from `offset` on.
    [[nodiscard]] virtual noa::sdk::Status read(const FileName& name, std::uint64_t offset,
                                                std::span<std::uint8_t> into) = 0;
    // NOA_E_NOT_FOUND where there is none.
    [[nodiscard]] virtual noa::sdk::Result<std::uint64_t> size(const FileName& name) = 0;
    // What else is there, under names that are none, is left out.
    [[nodiscard]] virtual noa::sdk::Result<std::vector<StoredFile>> list(FileKind kind) = 0;
    // One that is gone already is no error.
    [[nodiscard]] virtual noa::sdk::Status remove(const FileName& name) = 0;
    [[nodiscard]] virtual std::string place() const = 0;
};

[[nodiscard]] constexpr std::string_view folder_of(FileKind kind) noexcept {
    switch (kind) {
    case FileKind::config: return "config";
    case FileKind::key: return "keys";
    case FileKind::lock: return "locks";
    case FileKind::snapshot: return "snapshots";
    case FileKind::index: return "index";
    case FileKind::data: return "data";
    }
    return {};
}

// A whole file, no longer than `most`. One whose bytes do not have its name's hash is refused.
[[nodiscard]] noa::sdk::Result<Bytes> read_file(Store& store, const FileName& name,
                                                std::uint64_t most);
// Under the hash of its bytes, which is returned; config under its own name.
[[nodiscard]] noa::sdk::Result<Id> write_file(Store& store, FileKind kind, View bytes);

} // namespace backup
