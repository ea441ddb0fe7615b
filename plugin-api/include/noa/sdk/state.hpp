// What one generation leaves to the next: a stream of numbers and texts under a schema number.
// Both ends remember the first failure, and the SDK reports it; there is no need to look after
// every field, only at the ends of loops.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "noa/sdk/result.hpp"
#include "noa/types.h"

namespace noa::sdk {

class StateWriter {
public:
    explicit StateWriter(const noa_sink& sink) noexcept : sink_(&sink) {}
    StateWriter(const StateWriter&) = delete;
    StateWriter& operator=(const StateWriter&) = delete;

    void bytes(std::string_view bytes) {
        buffer_.append(bytes);
        if (buffer_.size() >= block_bytes) {
            flush();
        }
    }
    void number(std::uint64_t value) { // little endian, whatever the machine
        char digits[8];
        for (unsigned at = 0; at < 8; ++at) {
            digits[at] = static_cast<char>((value >> (8U * at)) & 0xFFU);
        }
        bytes({digits, sizeof digits});
    }
    void signed_number(std::int64_t value) { number(static_cast<std::uint64_t>(value)); }
    void text(std::string_view text) {
        number(text.size());
        bytes(text);
    }

    // False once the host refused: the state is too large.
    [[nodiscard]] bool ok() const noexcept { return status_ == NOA_OK; }
    [[nodiscard]] Status finish() {
        flush();
        return to_status(status_, "save the state");
    }

private:
    void flush() {
        if (status_ == NOA_OK && !buffer_.empty()) {
            status_ = sink_->write(sink_, buffer_.data(), buffer_.size());
        }
        buffer_.clear();
    }

    static constexpr std::size_t block_bytes = 4096; // to the host at a time

    const noa_sink* sink_;
    noa_status status_ = NOA_OK;
    std::string buffer_;
};

class StateReader {
public:
    explicit StateReader(const noa_source& source) noexcept : source_(&source) {}
    StateReader(const StateReader&) = delete;
    StateReader& operator=(const StateReader&) = delete;

    // The number under which the other generation saved.
    [[nodiscard]] std::uint32_t schema() const noexcept { return source_->schema; }
    [[nodiscard]] std::uint64_t size() const noexcept { return source_->size; }

    // Fills all of it; false, and zeroes, when the state ends before.
    bool bytes(char* into, std::size_t size) {
        std::size_t done = 0;
        while (ok_ && done < size) {
            if (position_ == filled_ && !refill()) {
                break;
            }
            const std::size_t part = std::min(size - done, filled_ - position_);
            std::memcpy(into + done, buffer_ + position_, part);
            position_ += part;
            done += part;
        }
        if (done < size) {
            ok_ = false;
            std::memset(into, 0, size);
        }
        return ok_;
    }
    [[nodiscard]] std::uint64_t number() {
        char digits[8];
        bytes(digits, sizeof digits);
        std::uint64_t value = 0;
        for (unsigned at = 0; at < 8; ++at) {
            value |= std::uint64_t{static_cast<unsigned char>(digits[at])} << (8U * at);
        }
        return value;
    }
    [[nodiscard]] std::int64_t signed_number() { return static_cast<std::int64_t>(number()); }
    // A text that claims to be longer than `limit`, or than all of the state, is a failure.
    [[nodiscard]] std::string text(std::uint64_t limit) {
        const std::uint64_t size = number();
        if (!ok_ || size > limit || size > source_->size) {
            ok_ = false;
            return {};
        }
        std::string text(static_cast<std::size_t>(size), '\0');
        if (!bytes(text.data(), text.size())) {
            text.clear();
        }
        return text;
    }
    // What is left, to the end.
    [[nodiscard]] std::string rest() {
        std::string all;
        while (ok_ && (position_ < filled_ || refill())) {
            all.append(buffer_ + position_, filled_ - position_);
            position_ = filled_;
        }
        return all;
    }

    [[nodiscard]] bool ok() const noexcept { return ok_; }
    [[nodiscard]] Status finish() const {
        return ok_ ? Status() : Status(invalid("the state is cut short or damaged"));
    }

private:
    bool refill() {
        std::uint64_t size = 0;
        position_ = filled_ = 0;
        if (source_->read(source_, buffer_, sizeof buffer_, &size) != NOA_OK ||
            size > sizeof buffer_) {
            ok_ = false;
            return false;
        }
        filled_ = static_cast<std::size_t>(size);
        return filled_ > 0;
    }

    const noa_source* source_;
    bool ok_ = true;
    std::size_t position_ = 0;
    std::size_t filled_ = 0;
    char buffer_[4096];
};

} // namespace noa::sdk
