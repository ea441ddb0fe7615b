// The wall that stops a plugin's exceptions.
//
// A plugin is trusted to be C++ built by the same ABI, not to be correct: whatever a call lets
// out ends here. The text is copied inside the catch; the exception object, whose code lies in
// the plugin, is gone before the plugin can be.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "noa/status.h"

namespace noa::plugin {

[[nodiscard]] inline noa_error empty_error() noexcept {
    noa_error error{};
    error.struct_size = sizeof error;
    return error;
}

// Terminates the text and makes it valid UTF-8 on one line.
void seal(noa_error& error) noexcept;

// For the two catches of the wall.
void set_thrown(noa_error& error, const char* what) noexcept;

// Calls `call`, which returns a noa_status. What it throws becomes NOA_E_INTERNAL with a text.
template <class Call>
[[nodiscard]] noa_status behind_wall(noa_error& error, Call&& call) noexcept {
    noa_status status = NOA_E_INTERNAL;
    try {
        status = std::forward<Call>(call)();
    } catch (const std::exception& thrown) {
        set_thrown(error, thrown.what());
        status = NOA_E_INTERNAL;
    } catch (...) {
        set_thrown(error, nullptr);
        status = NOA_E_INTERNAL;
    }
    return status;
}

// For a plugin that says nothing: "the inbox is full; retry later (status -5)".
[[nodiscard]] std::string default_text(noa_status status);
[[nodiscard]] Errc code_of_status(noa_status status) noexcept;

// What a plugin answered as an error of the host.
[[nodiscard]] Failure plugin_failure(std::string attempt, std::string object, noa_status status,
                                     noa_error& error);

} // namespace noa::plugin
