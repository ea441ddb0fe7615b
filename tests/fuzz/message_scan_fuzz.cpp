// What the communication agent reads of requests: JSON as it stands in its text, and what it says.
#include <cstdint>
#include <cstdlib>

// Parts of a plugin, which is no library.
#include "../../plugins/communication/bus/send_request.cpp" // NOLINT(bugprone-suspicious-include)
#include "../../plugins/communication/model/json_scan.cpp"  // NOLINT(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    communication::JsonScan scan(text);
    const auto value = scan.value();
    const bool whole = value && scan.end();
    // What is taken is JSON to others, too: a recipient must not get what it cannot read.
    if (whole && !noa::Json::accept(value->text)) {
        std::abort();
    }
    communication::SendRequest request;
    if (communication::parse(text, request) && !request.body.empty() && request.made.empty() &&
        (request.body.data() < text.data() ||
         request.body.data() + request.body.size() > text.data() + text.size())) {
        std::abort();
    }
    static_cast<void>(communication::parse_date(text));
    return 0;
}
