// A message about to be accepted: its fixed part, and views of the rest.
#pragma once

#include <cstring>
#include <string_view>

#include "bus/block.hpp"

namespace noa::bus {

struct Draft {
    Record head{};
    std::string_view subject;
    std::string_view content_type;
    std::string_view traceparent;
    std::string_view body; // ignored when `block` is set
    // A body of its own, made by make_single and in place: seal() before the message is
    // accepted. Borrowed: accepting shares it.
    Block* block = nullptr;
    std::size_t body_bytes = 0; // with a block

    [[nodiscard]] std::size_t body_size() const noexcept {
        return block != nullptr ? body_bytes : body.size();
    }
    [[nodiscard]] std::uint32_t bytes() const noexcept {
        return record_bytes(body_size(), subject.size() + content_type.size() + traceparent.size());
    }

    // Writes the record at `out`, which has room for bytes(); with a block, `out` is its start
    // and the body stays where it is.
    void write(std::byte* out) const noexcept {
        auto* record = reinterpret_cast<Record*>(out);
        std::memcpy(static_cast<void*>(record), &head, sizeof head);
        record->body_bytes = static_cast<std::uint32_t>(body_size());
        record->total_bytes = bytes();
        record->subject_bytes = static_cast<std::uint8_t>(subject.size());
        record->content_type_bytes = static_cast<std::uint8_t>(content_type.size());
        record->traceparent_bytes = static_cast<std::uint8_t>(traceparent.size());
        std::byte* at = record->body();
        if (block == nullptr && !body.empty()) {
            std::memcpy(at, body.data(), body.size());
        }
        at += body_size();
        for (const auto& text : {subject, content_type, traceparent}) {
            if (!text.empty()) {
                std::memcpy(at, text.data(), text.size());
                at += text.size();
            }
        }
    }

    // Completes the block; nobody may have seen it yet.
    void seal() const noexcept {
        write(block->data());
        block->count = 1;
        block->used = bytes();
    }

    // The same message in a block of its own: for queues that outlive the pack.
    [[nodiscard]] BlockRef to_block() const {
        if (block != nullptr) {
            block->refs.fetch_add(1, std::memory_order_relaxed);
            return BlockRef(block);
        }
        BlockRef made(Block::make_single(body.size()));
        write(made->data());
        made->count = 1;
        made->used = bytes();
        return made;
    }
};

} // namespace noa::bus
