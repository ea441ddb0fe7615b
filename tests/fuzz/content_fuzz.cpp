// What the communication agent makes of texts that hide something, and of URLs and secrets.
#include <cstdint>
#include <cstdlib>

// Parts of a plugin, which is no library.
#include "../../plugins/communication/content/normal_form.cpp" // NOLINT(bugprone-suspicious-include)
#include "../../plugins/communication/webhooks/endpoint.cpp" // NOLINT(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::string normal = communication::normal_form(text);
    const std::string sql = communication::without_comments(normal);
    if (normal.size() > text.size() || sql.size() > normal.size()) {
        std::abort();
    }
    const auto url = communication::parse_url(text);
    if (url && (url->target.empty() || url->target[0] != '/' ||
                url->authority().find_first_of("/?#@ ") != std::string::npos)) {
        std::abort();
    }
    static_cast<void>(communication::parse_secret(text));
    return 0;
}
