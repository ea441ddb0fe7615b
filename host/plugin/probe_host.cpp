#include "plugin/probe_host.hpp"

#include <pthread.h>

#include <string_view>
#include <utility>

#include "base/clock.hpp"

namespace noa::plugin {

namespace {

noa_status arm(noa_context, std::uint64_t, std::int64_t, std::int64_t) {
    return NOA_OK;
}
noa_status cancel(noa_context, std::uint64_t) {
    return NOA_E_NOT_FOUND;
}
// Nothing is leased before start.
noa_status state_dir(noa_context, noa_str*) {
    return NOA_E_STATE;
}

noa_status facts(noa_context, noa_agent_facts* ret_facts) {
    if (ret_facts == nullptr || ret_facts->struct_size < sizeof *ret_facts) {
        return NOA_E_INVALID;
    }
    static constexpr std::string_view name = "probe";
    noa_agent_facts facts{};
    facts.struct_size = sizeof facts;
    facts.run = NOA_RUN_PROCESS;
    facts.name = {name.data(), name.size()};
    *ret_facts = facts;
    return NOA_OK;
}

// Sockets are lent from start on.
noa_status listen(noa_context, noa_str, const noa_listen_options*, std::int32_t*, noa_error*) {
    return NOA_E_STATE;
}
noa_status unlisten(noa_context, noa_str) {
    return NOA_E_STATE;
}
noa_status keep(noa_context, std::int32_t, noa_bytes) {
    return NOA_E_STATE;
}
noa_status take(noa_context, std::int32_t*, noa_bytes*) {
    return NOA_E_STATE;
}
noa_status watch(noa_context, std::int32_t, std::uint32_t, std::uint64_t) {
    return NOA_E_STATE;
}
noa_status unwatch(noa_context, std::int32_t) {
    return NOA_E_NOT_FOUND;
}

// The arena as well.
noa_status open_arena(noa_context, std::uint64_t, std::uint64_t, noa_arena*) {
    return NOA_E_STATE;
}
noa_status grow_arena(noa_context, std::uint64_t, noa_arena*) {
    return NOA_E_STATE;
}
noa_status release_arena(noa_context, std::uint64_t, std::uint64_t) {
    return NOA_E_STATE;
}
noa_status leave_arena(noa_context) {
    return NOA_E_STATE;
}

const void* extension(noa_context, const char* id) {
    static constexpr noa_timer_host timers{sizeof(noa_timer_host), 0, arm, cancel};
    static constexpr noa_storage_host storage{sizeof(noa_storage_host), 0, state_dir};
    static constexpr noa_agent_host agent{sizeof(noa_agent_host), 0, facts};
    static constexpr noa_listener_host listener{
        sizeof(noa_listener_host), 0, listen, unlisten, keep, take, watch, unwatch};
    static constexpr noa_arena_host arenas{
        sizeof(noa_arena_host), 0, open_arena, grow_arena, release_arena, leave_arena, leave_arena};
    static constexpr std::pair<std::string_view, const void*> offered[] = {
        {NOA_TIMER_ID, &timers},      {NOA_STORAGE_ID, &storage}, {NOA_AGENT_ID, &agent},
        {NOA_LISTENER_ID, &listener}, {NOA_ARENA_ID, &arenas},
    };
    const std::string_view wanted(id == nullptr ? "" : id);
    for (const auto& [offer, table] : offered) {
        if (wanted == offer) {
            return table;
        }
    }
    return nullptr;
}

std::int64_t now_ns(noa_context) {
    return monotonic_ns();
}
void log(noa_context, std::uint32_t, noa_str, noa_str) {}
std::uint32_t on_lane(noa_context context) {
    return context == probe_context() ? 1 : 0;
}

noa_status resolve(noa_context, noa_str, noa_address* ret_address) {
    if (ret_address == nullptr) {
        return NOA_E_INVALID;
    }
    *ret_address = 1;
    return NOA_OK;
}

noa_status msg_alloc(noa_context, std::uint64_t, noa_buffer*) {
    return NOA_E_STATE;
}
noa_status msg_free(noa_context, const noa_buffer*) {
    return NOA_E_STATE;
}
noa_status retain(noa_context, const noa_message*, const noa_message**) {
    return NOA_E_STATE;
}
noa_status release(noa_context, const noa_message*) {
    return NOA_E_STATE;
}

noa_status send(noa_context, const noa_outgoing*, noa_receipt*) {
    return NOA_E_STATE;
}
noa_status send_many(noa_context, const noa_outgoing*, std::uint32_t, std::uint32_t, noa_receipt*) {
    return NOA_E_STATE;
}
noa_status request(noa_context, const noa_outgoing*, std::uint64_t, noa_receipt*) {
    return NOA_E_STATE;
}
noa_status publish(noa_context, const noa_outgoing*, noa_receipt*) {
    return NOA_E_STATE;
}
noa_status reply(noa_context, noa_delivery, const noa_outgoing*) {
    return NOA_E_STATE;
}
noa_status settle(noa_context, noa_delivery, noa_status, noa_str, std::uint32_t) {
    return NOA_E_STATE;
}
noa_status subscribe(noa_context, noa_str) {
    return NOA_OK;
}
noa_status unsubscribe(noa_context, noa_str) {
    return NOA_OK;
}
noa_status wake(noa_context, std::uint64_t) {
    return NOA_OK;
}

} // namespace

noa_context probe_context() noexcept {
    return static_cast<noa_context>(::pthread_self());
}

const noa_host& probe_host() noexcept {
    static constexpr noa_host host{
        sizeof(noa_host), NOA_ABI_MINOR, NOA_VERSION, extension, now_ns,    log,         on_lane,
        resolve,          msg_alloc,     msg_free,    retain,    release,   send,        send_many,
        request,          publish,       reply,       settle,    subscribe, unsubscribe, wake};
    return host;
}

} // namespace noa::plugin
