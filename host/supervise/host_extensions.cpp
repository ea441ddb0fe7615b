// The tables of noa.agent/1, noa.listener/1 and noa.arena/1.
#include <algorithm>
#include <cstring>

#include "bus/hand_out.hpp"
#include "plugin/wall.hpp"
#include "supervise/with_generation.hpp"

namespace noa::supervise {

namespace {

using bus::view;

noa_status facts(noa_context context, noa_agent_facts* ret_facts) {
    return with_generation(context, [&](const Generation& generation) {
        if (ret_facts == nullptr || !NOA_HAS(ret_facts, quiesce_timeout_ns)) {
            return NOA_E_INVALID;
        }
        bus::hand_out(generation.facts(), *ret_facts);
        return NOA_OK;
    });
}

void tell(noa_error* error, noa_status status, const std::string& why) noexcept {
    if (error == nullptr) {
        return;
    }
    const auto size = std::min(why.size(), sizeof error->text - 1);
    std::memcpy(error->text, why.data(), size);
    error->text[size] = '\0';
    error->code = status;
    plugin::seal(*error);
}

noa_status listen(noa_context context, noa_str address, const noa_listen_options* options,
                  std::int32_t* ret_fd, noa_error* error) {
    return with_generation(context, [&](Generation& generation) -> noa_status {
        if (ret_fd == nullptr || (error != nullptr && !NOA_HAS(error, text))) {
            return NOA_E_INVALID;
        }
        int fd = -1;
        std::string why;
        const auto status = generation.listen(view(address), options, fd, why);
        if (status != NOA_OK) {
            tell(error, status, why);
            return status;
        }
        *ret_fd = fd;
        return NOA_OK;
    });
}

noa_status unlisten(noa_context context, noa_str address) {
    return with_generation(
        context, [&](Generation& generation) { return generation.unlisten(view(address)); });
}

noa_status keep(noa_context context, std::int32_t fd, noa_bytes state) {
    return with_generation(context, [&](Generation& generation) {
        const auto* data = static_cast<const char*>(state.data);
        return generation.keep(fd, {data, data == nullptr ? 0 : state.size});
    });
}

noa_status take(noa_context context, std::int32_t* ret_fd, noa_bytes* ret_state) {
    return with_generation(context, [&](Generation& generation) -> noa_status {
        if (ret_fd == nullptr || ret_state == nullptr) {
            return NOA_E_INVALID;
        }
        int fd = -1;
        std::string_view state;
        const auto status = generation.take(fd, state);
        if (status == NOA_OK) {
            *ret_fd = fd;
            *ret_state = {state.data(), state.size()};
        }
        return status;
    });
}

noa_status watch(noa_context context, std::int32_t fd, std::uint32_t events, std::uint64_t tag) {
    return with_generation(
        context, [&](Generation& generation) { return generation.watch(fd, events, tag); });
}

noa_status unwatch(noa_context context, std::int32_t fd) {
    return with_generation(context, [&](Generation& generation) { return generation.unwatch(fd); });
}

bool has_room(const noa_arena* arena) noexcept {
    return arena != nullptr && NOA_HAS(arena, epoch);
}

template <class Call>
noa_status with_arena(noa_context context, bool complete, Call&& call) noexcept {
    return with_generation(context, complete, [&](Generation& generation) {
        return generation.with_arena(std::forward<Call>(call));
    });
}

noa_status open_arena(noa_context context, std::uint64_t layout, std::uint64_t size,
                      noa_arena* ret_arena) {
    return with_arena(context, has_room(ret_arena),
                      [&](plugin::Arena& arena) { return arena.open(layout, size, *ret_arena); });
}

noa_status grow_arena(noa_context context, std::uint64_t size, noa_arena* ret_arena) {
    return with_arena(context, has_room(ret_arena),
                      [&](plugin::Arena& arena) { return arena.grow(size, *ret_arena); });
}

noa_status release_arena(noa_context context, std::uint64_t offset, std::uint64_t size) {
    return with_generation(
        context, [&](Generation& generation) { return generation.release_of_arena(offset, size); });
}

noa_status close_arena(noa_context context) {
    return with_arena(context, true, [](plugin::Arena& arena) { return arena.close(); });
}

noa_status discard_arena(noa_context context) {
    return with_arena(context, true, [](plugin::Arena& arena) { return arena.discard(); });
}

} // namespace

const noa_arena_host& arena_table() noexcept {
    static constexpr noa_arena_host table{
        sizeof(noa_arena_host), 0,           open_arena,   grow_arena,
        release_arena,          close_arena, discard_arena};
    return table;
}

const noa_agent_host& agent_table() noexcept {
    static constexpr noa_agent_host table{sizeof(noa_agent_host), 0, facts};
    return table;
}

const noa_listener_host& listener_table() noexcept {
    static constexpr noa_listener_host table{
        sizeof(noa_listener_host), 0, listen, unlisten, keep, take, watch, unwatch};
    return table;
}

} // namespace noa::supervise
