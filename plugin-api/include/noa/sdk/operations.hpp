// The operations that an agent answers, found by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "noa/sdk/dispatch.hpp"

namespace noa::sdk {

// What `describe` tells of an operation. The texts are copied. Schemas are JSON Schema
// draft-07; left empty, they come from the handler's types where a codec knows them.
struct OperationInfo {
    std::string_view summary;
    std::string_view request = {};
    std::string_view reply = {};
};

struct Operation {
    std::string name;
    std::string summary;
    std::string request_schema;
    std::string reply_schema;
    Dispatcher run;
    std::uint64_t calls = 0;
    std::uint64_t failures = 0;
};

class Operations {
public:
    // False when the name is taken.
    bool add(Operation operation) {
        if (find(operation.name) != nullptr) {
            return false;
        }
        all_.push_back(std::move(operation));
        index();
        return true;
    }

    [[nodiscard]] Operation* find(std::string_view name) noexcept {
        if (buckets_.empty()) {
            return nullptr;
        }
        for (std::size_t at = hash(name) & mask_;; at = (at + 1) & mask_) {
            const std::uint32_t position = buckets_[at];
            if (position == empty || all_[position].name == name) {
                return position == empty ? nullptr : &all_[position];
            }
        }
    }

    [[nodiscard]] const std::vector<Operation>& all() const noexcept { return all_; }

    // Drops the handlers, and with them what they captured.
    void clear() noexcept {
        buckets_.clear();
        all_.clear();
    }

private:
    static constexpr std::uint32_t empty = UINT32_MAX;

    static std::size_t hash(std::string_view name) noexcept { // FNV-1a
        std::uint64_t value = 0xcbf29ce484222325U;
        for (const char letter : name) {
            value = (value ^ static_cast<unsigned char>(letter)) * 0x100000001b3U;
        }
        return static_cast<std::size_t>(value ^ (value >> 32U));
    }

    // At most half full, so that every search ends at an empty bucket.
    void index() {
        std::size_t size = 8;
        while (size < all_.size() * 2) {
            size *= 2;
        }
        buckets_.assign(size, empty);
        mask_ = size - 1;
        for (std::uint32_t position = 0; position < all_.size(); ++position) {
            std::size_t at = hash(all_[position].name) & mask_;
            while (buckets_[at] != empty) {
                at = (at + 1) & mask_;
            }
            buckets_[at] = position;
        }
    }

    std::vector<Operation> all_;
    std::vector<std::uint32_t> buckets_;
    std::size_t mask_ = 0;
};

} // namespace noa::sdk
