// How every function of the host's tables begins.
#pragma once

#include <utility>

#include "supervise/generation.hpp"
#include "supervise/host_table.hpp"

namespace noa::supervise {

// Calls `call` with the generation behind a token, held meanwhile; NOA_E_RETIRED when it is over.
// The wall on this side: nothing of ours is thrown at a plugin.
template <class Call>
[[nodiscard]] noa_status with_generation(noa_context context, Call&& call) noexcept {
    const Entered generation(context_table(), context);
    if (!generation) {
        return NOA_E_RETIRED;
    }
    try {
        return std::forward<Call>(call)(*generation.get());
    } catch (...) {
        return NOA_E_INTERNAL;
    }
}

// What a plugin must give, and has given.
template <class... Pointers>
[[nodiscard]] bool given(const Pointers*... pointers) noexcept {
    return ((pointers != nullptr) && ...);
}

// NOA_E_INVALID when it has not; a token that is over is said first.
template <class Call>
[[nodiscard]] noa_status with_generation(noa_context context, bool complete, Call&& call) noexcept {
    return with_generation(context, [&](Generation& generation) -> noa_status {
        return complete ? std::forward<Call>(call)(generation) : NOA_E_INVALID;
    });
}

} // namespace noa::supervise
