// A store whose disk fails.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "repository/store.hpp"

namespace backup {

// Fails for good from the n-th change on, as a full or broken disk does.
class FaultyStore final : public Store {
public:
    FaultyStore(std::unique_ptr<Store> store, std::size_t& left)
        : store_(std::move(store)), left_(left) {}

    noa::sdk::Result<std::unique_ptr<NewFile>> create() override {
        auto file = store_->create();
        return file ? noa::sdk::Result<std::unique_ptr<NewFile>>(
                          std::make_unique<File>(*this, *std::move(file)))
                    : file.error();
    }
    noa::sdk::Status read(const FileName& name, std::uint64_t offset,
                          std::span<std::uint8_t> into) override {
        return store_->read(name, offset, into);
    }
    noa::sdk::Result<std::uint64_t> size(const FileName& name) override {
        return store_->size(name);
    }
    noa::sdk::Result<std::vector<StoredFile>> list(FileKind kind) override {
        return store_->list(kind);
    }
    noa::sdk::Status remove(const FileName& name) override {
        return fails() ? noa::sdk::failed("no more") : store_->remove(name);
    }
    [[nodiscard]] std::string place() const override { return store_->place(); }

private:
    struct File final : NewFile {
        File(FaultyStore& store, std::unique_ptr<NewFile> file)
            : store_(store), file_(std::move(file)) {}
        noa::sdk::Status append(View bytes) override {
            return store_.fails() ? noa::sdk::failed("no more") : file_->append(bytes);
        }
        noa::sdk::Status finish(const FileName& name) override {
            return store_.fails() ? noa::sdk::failed("no more") : file_->finish(name);
        }
        FaultyStore& store_;
        std::unique_ptr<NewFile> file_;
    };
    bool fails() {
        const std::lock_guard lock(mutex_);
        left_ -= left_ > 0 ? 1U : 0U;
        return left_ == 0;
    }

    std::unique_ptr<Store> store_;
    std::mutex mutex_;
    std::size_t& left_; // guarded by mutex_
};

} // namespace backup
