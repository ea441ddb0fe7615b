#include "batch.hpp"

namespace cache {

std::optional<std::uint8_t> BatchReader::byte() noexcept {
    const auto one = text(1);
    return one ? std::optional(static_cast<std::uint8_t>(one->front())) : std::nullopt;
}

std::optional<std::uint32_t> BatchReader::number() noexcept {
    const auto four = text(4);
    if (!four) {
        return std::nullopt;
    }
    std::uint32_t number = 0;
    for (unsigned at = 0; at < 4; ++at) {
        number |= std::uint32_t{static_cast<unsigned char>((*four)[at])} << (8U * at);
    }
    return number;
}

std::optional<std::string_view> BatchReader::text(std::uint32_t size) noexcept {
    if (rest_.size() < size) {
        rest_ = {};
        return std::nullopt;
    }
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
}

std::optional<BatchReader::Head> BatchReader::head() noexcept {
    const auto version = byte();
    const auto size = byte();
    if (version != batch_version || !size) {
        return std::nullopt;
    }
    const auto space = text(*size);
    const auto count = number();
    if (!space || !count || *count > most_in_batch) {
        return std::nullopt;
    }
    return Head{*space, *count};
}

void append_number(std::string& out, std::uint32_t number) {
    for (unsigned at = 0; at < 4; ++at) {
        out += static_cast<char>(number >> (8U * at) & 0xffU);
    }
}

} // namespace cache
