// get_many and set_many without JSON: content type application/x-noa-cache-batch, numbers little
// endian. The README has the format.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cache {

inline constexpr std::string_view batch_content_type = "application/x-noa-cache-batch";
inline constexpr std::uint8_t batch_version = 1;
inline constexpr std::uint32_t most_in_batch = 10'000;

// Reads from a body of unknown origin: what is not there is nothing, and from then on all is.
class BatchReader {
public:
    explicit BatchReader(std::string_view body) noexcept : rest_(body) {}

    std::optional<std::uint8_t> byte() noexcept;
    std::optional<std::uint32_t> number() noexcept;
    // `size` bytes.
    std::optional<std::string_view> text(std::uint32_t size) noexcept;
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

    // version, size of the name of the namespace, the name, how many.
    struct Head {
        std::string_view space; // empty: the default
        std::uint32_t count;
    };
    std::optional<Head> head() noexcept;

private:
    std::string_view rest_;
};

void append_number(std::string& out, std::uint32_t number);

} // namespace cache
