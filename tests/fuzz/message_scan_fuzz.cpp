// What the communication agent reads of requests: JSON as it stands in its text, and what it says.
#include <cstdint>
#include <cstdlib>

#include "noa/sdk/json.hpp"

// Parts of a plugin, which is no library.
#include "../../plugins/communication/bus/send_request.cpp" // NOLINT(bugprone-suspicious-include)
#include "../../plugins/communication/model/json_scan.cpp"  // NOLINT(bugprone-suspicious-include)

namespace {

// What is taken is JSON to others, too: a recipient must not get what it cannot read. A number that
// has no place in a double is JSON (RFC 8259, 6).
bool is_json(std::string_view text) {
    try {
        static_cast<void>(noa::Json::parse(text));
    } catch (const noa::Json::out_of_range&) {
        return true;
    } catch (const noa::Json::parse_error&) {
        return false;
    }
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    communication::JsonScan scan(text);
    const auto value = scan.value();
    if (value && scan.end() && !is_json(value->text)) {
        std::abort();
    }
    communication::SendRequest request;
    if (communication::parse(text, request) && !request.json.empty() &&
        (request.json.data() < text.data() ||
         request.json.data() + request.json.size() > text.data() + text.size())) {
        std::abort();
    }
    static_cast<void>(communication::parse_date(text));
    return 0;
}
