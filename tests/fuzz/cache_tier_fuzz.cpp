// What lies in the second tier may be anybody's: every text is a value, and a value that was
// written is read as it was. Addresses are an operator's.
#include <cstdint>
#include <cstdlib>
#include <string>

// Parts of a plugin, which is no library.
#include "../../plugins/cache/bus/json_value.cpp" // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/tier/address.cpp"   // NOLINT(bugprone-suspicious-include)
#include "../../plugins/cache/tier/value.cpp"     // NOLINT(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    const cache::tier::Bytes value = cache::tier::from_tier(text);
    if (value.type == cache::Type::json && !noa::Json::accept(value.bytes)) {
        std::abort();
    }
    const cache::tier::Bytes back =
        cache::tier::from_tier(cache::tier::to_tier(text, cache::Type::string));
    if (back.bytes != text || back.type != cache::Type::string) {
        std::abort();
    }
    const auto address = cache::tier::parse_address(text);
    if (address && (address->place.empty() || address->port == 0)) {
        std::abort();
    }
    return 0;
}
