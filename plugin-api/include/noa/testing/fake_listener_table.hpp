// noa.listener/1 of FakeHost's table; included by fake_host.hpp.
#pragma once

#include <poll.h>

#include <cstdio>

#include "noa/testing/fake_host.hpp"

namespace noa::testing::fake {

// Runs `call` on the sockets of a generation that may use them.
template <class F>
noa_status with_sockets(noa_context context, const char* function, F&& call) {
    FakeHost& host = FakeHost::of(context);
    const FakeHost::Lock lock(host.mutex);
    host.require_lane(function);
    return host.leased ? call(host) : NOA_E_STATE;
}

inline noa_status listen(noa_context context, noa_str address, const noa_listen_options* options,
                         std::int32_t* ret_fd, noa_error* error) {
    return with_sockets(context, "listener.listen", [&](FakeHost& host) -> noa_status {
        if (ret_fd == nullptr) {
            return NOA_E_INVALID;
        }
        std::string why;
        const noa_status status = host.sockets->listen(
            std::string(address.data, address.size),
            options != nullptr ? *options : noa_listen_options{}, *ret_fd, why);
        if (status != NOA_OK && error != nullptr && error->struct_size >= sizeof *error) {
            error->code = status;
            std::snprintf(error->text, sizeof error->text, "%s", why.c_str());
        }
        return status;
    });
}

inline noa_status unlisten(noa_context context, noa_str address) {
    return with_sockets(context, "listener.unlisten", [&](FakeHost& host) {
        return host.sockets->unlisten(std::string(address.data, address.size));
    });
}

inline noa_status keep(noa_context context, std::int32_t fd, noa_bytes state) {
    return with_sockets(context, "listener.keep", [&](FakeHost& host) {
        host.watches.erase(fd);
        return host.sockets->keep(
            fd, state.size == 0
                    ? std::string_view()
                    : std::string_view(static_cast<const char*>(state.data), state.size));
    });
}

inline noa_status take(noa_context context, std::int32_t* ret_fd, noa_bytes* ret_state) {
    return with_sockets(context, "listener.take", [&](FakeHost& host) -> noa_status {
        if (ret_fd == nullptr || ret_state == nullptr) {
            return NOA_E_INVALID;
        }
        return host.starting ? host.sockets->take(*ret_fd, *ret_state) : NOA_E_STATE;
    });
}

inline noa_status watch(noa_context context, std::int32_t fd, std::uint32_t events,
                        std::uint64_t tag) {
    return with_sockets(context, "listener.watch", [&](FakeHost& host) -> noa_status {
        if (!host.can_watch) {
            return NOA_E_UNSUPPORTED;
        }
        pollfd probe{fd, POLLIN, 0};
        if (::poll(&probe, 1, 0) < 0 || (probe.revents & POLLNVAL) != 0) {
            return NOA_E_INVALID;
        }
        host.watches[fd] = {events, tag};
        return NOA_OK;
    });
}

inline noa_status unwatch(noa_context context, std::int32_t fd) {
    return with_sockets(context, "listener.unwatch", [&](FakeHost& host) {
        return host.watches.erase(fd) == 1 ? NOA_OK : NOA_E_NOT_FOUND;
    });
}

inline constexpr noa_listener_host listener_contract{
    sizeof(noa_listener_host), 0, listen, unlisten, keep, take, watch, unwatch};

} // namespace noa::testing::fake

namespace noa::testing {

inline const noa_listener_host& FakeHost::listener_table() noexcept {
    return fake::listener_contract;
}

} // namespace noa::testing
