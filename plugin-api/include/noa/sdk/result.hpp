// Errors as values: what an agent's functions return instead of throwing.
#pragma once

#include <chrono>
#include <concepts>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "noa/status.h"

namespace noa::sdk {

// A status other than NOA_OK, and words for whoever asked. Never put a secret into `text`.
struct Error {
    noa_status status = NOA_E_FAILED;
    std::string text;
    std::chrono::milliseconds retry_after{0}; // with NOA_E_RETRY
};

[[nodiscard]] inline Error failed(std::string text) {
    return {NOA_E_FAILED, std::move(text)};
}
[[nodiscard]] inline Error invalid(std::string text) {
    return {NOA_E_INVALID, std::move(text)};
}
[[nodiscard]] inline Error not_found(std::string text) {
    return {NOA_E_NOT_FOUND, std::move(text)};
}
[[nodiscard]] inline Error busy(std::string text) {
    return {NOA_E_BUSY, std::move(text)};
}
[[nodiscard]] inline Error denied(std::string text) {
    return {NOA_E_DENIED, std::move(text)};
}
[[nodiscard]] inline Error too_large(std::string text) {
    return {NOA_E_TOO_LARGE, std::move(text)};
}
// From a handler: have the message delivered again, after a while.
[[nodiscard]] inline Error retry(std::chrono::milliseconds after, std::string text = {}) {
    return {NOA_E_RETRY, std::move(text), after};
}

template <class U, class Whole>
concept ValueOf =
    !std::same_as<std::remove_cvref_t<U>, Whole> && !std::same_as<std::remove_cvref_t<U>, Error> &&
    std::convertible_to<U&&, typename Whole::value_type>;

// A value, or the reason why there is none. Reading the wrong one is a defect, as with
// std::optional.
template <class T = void>
class [[nodiscard]] Result {
    static_assert(!std::is_same_v<T, Error>);

public:
    using value_type = T;

    template <ValueOf<Result> U = T>
    // NOLINTNEXTLINE(bugprone-forwarding-reference-overload): ValueOf leaves Results out
    Result(U&& value) : content_(std::in_place_index<0>, std::forward<U>(value)) {}
    Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return content_.index() == 0; }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T& operator*() & noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] const T& operator*() const& noexcept { return *std::get_if<0>(&content_); }
    [[nodiscard]] T&& operator*() && noexcept { return std::move(*std::get_if<0>(&content_)); }
    [[nodiscard]] T* operator->() noexcept { return std::get_if<0>(&content_); }
    [[nodiscard]] const T* operator->() const noexcept { return std::get_if<0>(&content_); }

    [[nodiscard]] Error& error() & noexcept { return *std::get_if<1>(&content_); }
    [[nodiscard]] const Error& error() const& noexcept { return *std::get_if<1>(&content_); }
    [[nodiscard]] Error&& error() && noexcept { return std::move(*std::get_if<1>(&content_)); }

private:
    std::variant<T, Error> content_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    using value_type = void;

    Result() = default;
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
    [[nodiscard]] explicit operator bool() const noexcept { return has_value(); }
    [[nodiscard]] Error& error() & noexcept { return *error_; }
    [[nodiscard]] const Error& error() const& noexcept { return *error_; }
    [[nodiscard]] Error&& error() && noexcept { return std::move(*error_); }

private:
    std::optional<Error> error_;
};

using Status = Result<void>;
inline Status ok() {
    return {};
}

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<Result<T>> = true;

// A status in a word, for texts.
[[nodiscard]] constexpr std::string_view name_of(noa_status status) noexcept {
    switch (status) {
    case NOA_OK: return "ok";
    case NOA_DEFERRED: return "deferred";
    case NOA_E_INTERNAL: return "internal";
    case NOA_E_INVALID: return "invalid";
    case NOA_E_UNSUPPORTED: return "unsupported";
    case NOA_E_NO_AGENT: return "no agent";
    case NOA_E_BUSY: return "busy";
    case NOA_E_RETRY: return "retry";
    case NOA_E_TOO_LARGE: return "too large";
    case NOA_E_EXPIRED: return "expired";
    case NOA_E_RETIRED: return "retired";
    case NOA_E_LOOP: return "loop";
    case NOA_E_DENIED: return "denied";
    case NOA_E_STATE: return "wrong state";
    case NOA_E_FAILED: return "failed";
    case NOA_E_UNAVAILABLE: return "unavailable";
    case NOA_E_DEAD: return "dead";
    case NOA_E_NOT_FOUND: return "not found";
    default: return "unknown status";
    }
}

// Fills the host's storage: the text is cut at a character, and terminated.
inline noa_status fill(noa_error& error, noa_status status, std::string_view text) noexcept {
    std::size_t size = text.size() < sizeof error.text ? text.size() : sizeof error.text - 1;
    while (size < text.size() && size > 0 &&
           (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) {
        --size;
    }
    if (size > 0) {
        std::memcpy(error.text, text.data(), size);
    }
    error.text[size] = '\0';
    error.code = status;
    return status;
}
inline noa_status fill(noa_error& error, const Error& from) noexcept {
    return fill(error, from.status, from.text);
}

// What a call of the host answered, as a value.
[[nodiscard]] inline Status to_status(noa_status status, std::string_view attempt) {
    if (status == NOA_OK) {
        return {};
    }
    return Error{status, std::string(attempt) + ": " + std::string(name_of(status))};
}

} // namespace noa::sdk
