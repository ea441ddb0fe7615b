// noa.arena/1 of FakeHost's table; included by fake_host.hpp.
#pragma once

#include "noa/testing/fake_host.hpp"

namespace noa::testing::fake {

// Runs `call` on the arena of a generation that may use it.
template <class F>
noa_status with_arena(noa_context context, const char* function, F&& call) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.require_lane(function);
    return host.leased ? call(*host.arena) : NOA_E_STATE;
}

inline noa_status arena_open(noa_context context, std::uint64_t layout, std::uint64_t size,
                             noa_arena* ret_arena) {
    return with_arena(context, "arena.open", [&](FakeArena& arena) {
        return ret_arena != nullptr && NOA_HAS(ret_arena, epoch)
                   ? arena.open(layout, size, *ret_arena)
                   : NOA_E_INVALID;
    });
}

inline noa_status arena_grow(noa_context context, std::uint64_t size, noa_arena* ret_arena) {
    return with_arena(context, "arena.grow", [&](FakeArena& arena) {
        return ret_arena != nullptr && NOA_HAS(ret_arena, epoch) ? arena.grow(size, *ret_arena)
                                                                 : NOA_E_INVALID;
    });
}

inline noa_status arena_release(noa_context context, std::uint64_t offset, std::uint64_t size) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    return host.leased ? host.arena->release(offset, size) : NOA_E_STATE;
}

inline noa_status arena_close(noa_context context) {
    return with_arena(context, "arena.close", [](FakeArena& arena) { return arena.close(); });
}

inline noa_status arena_discard(noa_context context) {
    return with_arena(context, "arena.discard", [](FakeArena& arena) { return arena.discard(); });
}

inline constexpr noa_arena_host arena_contract{
    sizeof(noa_arena_host), 0, arena_open, arena_grow, arena_release, arena_close, arena_discard};

} // namespace noa::testing::fake

namespace noa::testing {

inline const noa_arena_host& FakeHost::arena_table() noexcept {
    return fake::arena_contract;
}

} // namespace noa::testing
