#include "plugin/wall.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "base/status.hpp"
#include "plugin/text.hpp"

namespace noa::plugin {

void seal(noa_error& error) noexcept {
    error.text[sizeof error.text - 1] = '\0';
    const auto text = bounded(error.text, sizeof error.text);
    make_printable(std::span(error.text, text.size()));
}

void set_thrown(noa_error& error, const char* what) noexcept {
    static constexpr std::string_view prefix = "exception: ";
    static constexpr std::string_view unknown = "an exception that is no std::exception";
    const auto text = what == nullptr ? unknown : bounded(what, sizeof error.text);
    const std::size_t room = sizeof error.text - 1 - prefix.size();
    const std::size_t size = std::min(room, text.size());
    std::memcpy(error.text, prefix.data(), prefix.size());
    std::memcpy(error.text + prefix.size(), text.data(), size);
    error.text[prefix.size() + size] = '\0';
    error.code = NOA_E_INTERNAL;
    seal(error);
}

std::string default_text(noa_status status) {
    return std::string(status_text(status)) + " (status " + std::to_string(status) + ")";
}

Errc code_of_status(noa_status status) noexcept {
    switch (status) {
    case NOA_E_INVALID:
    case NOA_E_TOO_LARGE: return Errc::invalid;
    case NOA_E_UNSUPPORTED: return Errc::refused;
    case NOA_E_NO_AGENT:
    case NOA_E_NOT_FOUND: return Errc::not_found;
    case NOA_E_BUSY:
    case NOA_E_RETRY: return Errc::busy;
    case NOA_E_EXPIRED: return Errc::timed_out;
    case NOA_E_DENIED: return Errc::denied;
    case NOA_E_FAILED: return Errc::system;
    case NOA_E_RETIRED:
    case NOA_E_UNAVAILABLE: return Errc::unavailable;
    default: return Errc::internal;
    }
}

Failure plugin_failure(std::string attempt, std::string object, noa_status status,
                       noa_error& error) {
    seal(error);
    std::string reason = error.text;
    if (reason.empty()) {
        reason = default_text(status);
    }
    return fail(code_of_status(status), std::move(attempt), std::move(object), std::move(reason));
}

} // namespace noa::plugin
