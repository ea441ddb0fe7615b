// What the cache reads of its bodies without JSON, and what it makes of bytes that it is to show.
#include <cstdint>
#include <cstdlib>

// Parts of a plugin, which is no library.
#include "../../plugins/cache/bus/batch.cpp"      // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/bus/glob.cpp"       // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/bus/json_value.cpp" // NOLINT(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    cache::BatchReader in(text);
    std::size_t read = 0;
    if (const auto head = in.head()) {
        read = head->space.size();
        for (std::uint32_t left = head->count; left > 0; --left) {
            const auto part_size = in.number();
            const auto part = part_size ? in.text(*part_size) : std::nullopt;
            if (!part) {
                break;
            }
            read += part->size();
        }
    }
    if (read > size) {
        std::abort();
    }
    std::string shown;
    cache::append_text(shown, text);
    if (!noa::Json::accept(shown)) {
        std::abort();
    }
    const std::size_t half = size / 2;
    (void)cache::matches(text.substr(0, half), text.substr(half));
    if (!cache::matches("*", text)) {
        std::abort();
    }
    return 0;
}
