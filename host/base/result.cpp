#include "base/result.hpp"

#include <cerrno>
#include <system_error>

namespace noa {

std::string_view name_of(Errc code) noexcept {
    switch (code) {
    case Errc::invalid: return "invalid";
    case Errc::not_found: return "not_found";
    case Errc::refused: return "refused";
    case Errc::busy: return "busy";
    case Errc::timed_out: return "timed_out";
    case Errc::unavailable: return "unavailable";
    case Errc::denied: return "denied";
    case Errc::system: return "system";
    case Errc::internal: return "internal";
    }
    return "internal";
}

std::string Error::text() const {
    std::string out = attempt;
    for (const auto& part : {object, reason}) {
        if (!part.empty()) {
            out += out.empty() ? part : ": " + part;
        }
    }
    if (!advice.empty()) {
        out += " (" + advice + ")";
    }
    return out;
}

namespace {

Errc code_of(int error_number) noexcept {
    switch (error_number) {
    case ENOENT: return Errc::not_found;
    case EACCES:
    case EPERM: return Errc::denied;
    case EAGAIN:
    case EBUSY: return Errc::busy;
    case ETIMEDOUT: return Errc::timed_out;
    default: return Errc::system;
    }
}

} // namespace

Failure fail_errno(std::string attempt, std::string object, int error_number, std::string advice) {
    return fail(code_of(error_number), std::move(attempt), std::move(object),
                std::generic_category().message(error_number), std::move(advice));
}

} // namespace noa
