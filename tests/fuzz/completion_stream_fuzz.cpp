// What a language model's server streams: any bytes, in any pieces.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../../plugins/drafting/assist/completion_stream.cpp" // NOLINT(bugprone-suspicious-include)
#include "../../plugins/drafting/model/text.cpp" // NOLINT(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view all(reinterpret_cast<const char*>(data), size);
    const std::size_t step = size > 0 ? 1 + data[0] % 64 : 1;
    drafting::assist::CompletionStream stream(4096);
    std::size_t heard = 0;
    for (std::size_t at = 0; at < all.size(); at += step) {
        const auto brought = stream.add(all.substr(at, step));
        if (!brought) {
            return 0;
        }
        heard += brought->size();
    }
    if (heard != stream.text().size() || heard > 4096) {
        __builtin_trap();
    }
    return 0;
}
