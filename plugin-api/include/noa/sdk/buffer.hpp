// A body that is written where the host will send it from, so that a large one is never copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "noa/host.h"

namespace noa::sdk {

// From Agent::buffer. Given to reply, send, publish or request, or returned by an operation, it is
// the host's once that has accepted it; refused, it is still the agent's. What nobody took goes
// back with the object.  [any] as an object.
class Buffer {
public:
    Buffer() = default; // empty, takes nothing
    Buffer(const noa_host& table, noa_context context, const noa_buffer& raw) noexcept
        : table_(&table), context_(context), raw_(raw), size_(raw.capacity) {}
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer gone(std::move(other));
        swap(gone);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer() {
        if (table_ != nullptr) {
            table_->msg_free(context_, &raw_);
        }
    }

    // False when it was taken, moved or never filled.
    [[nodiscard]] explicit operator bool() const noexcept { return table_ != nullptr; }
    // NOLINTNEXTLINE(readability-make-member-function-const): who may write has one that is not
    [[nodiscard]] char* data() noexcept { return static_cast<char*>(raw_.data); }
    [[nodiscard]] std::size_t capacity() const noexcept {
        return static_cast<std::size_t>(raw_.capacity);
    }
    [[nodiscard]] std::size_t size() const noexcept { return static_cast<std::size_t>(size_); }
    [[nodiscard]] std::span<char> span() noexcept { return {data(), size()}; }
    [[nodiscard]] std::string_view view() const noexcept {
        return {static_cast<const char*>(raw_.data), size()};
    }
    // How much of it is the body: all, unless said. REQUIRES: at most capacity().
    void resize(std::size_t size) noexcept { size_ = size; }

    // `type` of static life.
    void set_content_type(std::string_view type) noexcept { content_type_ = type; }
    [[nodiscard]] std::string_view content_type() const noexcept { return content_type_; }

    // For the SDK: puts it into a message, and lets go of it when that was accepted.
    void put_into(noa_outgoing& message) const noexcept {
        message.buffer = &raw_;
        message.buffer_used = size_;
    }
    void taken() noexcept {
        table_ = nullptr;
        *this = Buffer();
    }

private:
    void swap(Buffer& other) noexcept {
        std::swap(table_, other.table_);
        std::swap(context_, other.context_);
        std::swap(raw_, other.raw_);
        std::swap(size_, other.size_);
        std::swap(content_type_, other.content_type_);
    }

    const noa_host* table_ = nullptr;
    noa_context context_ = 0;
    noa_buffer raw_{};
    std::uint64_t size_ = 0;
    std::string_view content_type_;
};

} // namespace noa::sdk
