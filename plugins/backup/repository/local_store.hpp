// A repository in a directory.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string>

#include "store.hpp"

namespace backup {

// An open file, closed with its last reader.
class OpenFile {
public:
    explicit OpenFile(int fd) noexcept : fd_(fd) {}
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    ~OpenFile();
    [[nodiscard]] int fd() const noexcept { return fd_; }

private:
    int fd_;
};

class LocalStore final : public Store {
public:
    // The directory of a repository. NOA_E_NOT_FOUND when there is none in it.
    [[nodiscard]] static noa::sdk::Result<std::unique_ptr<LocalStore>> open(std::string directory);
    // Makes it with all its folders; NOA_E_STATE where a repository is already. Only the owner
    // may look into it.
    [[nodiscard]] static noa::sdk::Result<std::unique_ptr<LocalStore>>
    create_new(std::string directory);

    noa::sdk::Result<std::unique_ptr<NewFile>> create() override;
    noa::sdk::Status read(const FileName& name, std::uint64_t offset,
                          std::span<std::uint8_t> into) override;
    noa::sdk::Result<std::uint64_t> size(const FileName& name) override;
    noa::sdk::Result<std::vector<StoredFile>> list(FileKind kind) override;
    noa::sdk::Status remove(const FileName& name) override;
    [[nodiscard]] std::string place() const override { return directory_; }

    // Files that a run which was killed left in tmp/, when nobody else is at work.
    void sweep() noexcept;
    [[nodiscard]] std::string path_of(const FileName& name) const;

private:
    explicit LocalStore(std::string directory) : directory_(std::move(directory)) {}
    // Shared by the readers that are within it and the place that keeps it open.
    using Shared = std::shared_ptr<OpenFile>;
    noa::sdk::Result<Shared> open_file(const FileName& name);

    std::string directory_;
    struct Kept {
        FileName name;
        Shared file;
    };
    std::mutex mutex_;
    std::array<Kept, 16> kept_; // guarded by mutex_: packs that were read last
    std::size_t next_ = 0;      // guarded by mutex_
};

} // namespace backup
