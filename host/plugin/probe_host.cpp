#include "plugin/probe_host.hpp"

#include <pthread.h>

#include <cstring>

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

const void* extension(noa_context, const char* id) {
    static constexpr noa_timer_host timers{sizeof(noa_timer_host), 0, arm, cancel};
    static constexpr noa_storage_host storage{sizeof(noa_storage_host), 0, state_dir};
    if (id == nullptr) {
        return nullptr;
    }
    if (std::strcmp(id, NOA_TIMER_ID) == 0) {
        return &timers;
    }
    return std::strcmp(id, NOA_STORAGE_ID) == 0 ? &storage : nullptr;
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
