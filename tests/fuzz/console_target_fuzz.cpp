// What the console agent reads of a request by itself: its target, who may ask, what is accepted;
// and figures, as the monitor tells them.
#include <cstdint>
#include <cstdlib>
#include <string_view>

// Parts of a plugin, which is no library.
// NOLINTBEGIN(bugprone-suspicious-include)
#include "../../plugins/console/api/exposition.cpp"
#include "../../plugins/console/api/figures.cpp"
#include "../../plugins/console/http/target.cpp"
// NOLINTEND(bugprone-suspicious-include)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto target = console::http::parse_target(text)) {
        const std::string& path = target->path;
        if (path.front() != '/' || path.find("//") != std::string::npos ||
            (path + "/").find("/../") != std::string::npos ||
            path.find('\0') != std::string::npos) {
            std::abort();
        }
    }
    const std::string_view host = text.substr(0, text.find('\n'));
    if (console::http::is_own_host(host, {"console.example"}) &&
        host.find_first_of("/@ \t") != std::string_view::npos) {
        std::abort();
    }
    static_cast<void>(console::http::is_own_origin(text, host));
    static_cast<void>(console::wants_open_metrics(text));
    static_cast<void>(console::open_metrics(text));
    if (console::Figures::parse(text).has_value() != noa::Json::accept(text)) {
        std::abort();
    }
    return 0;
}
