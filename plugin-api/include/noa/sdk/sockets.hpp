// Sockets that outlive a generation: noa.listener/1. Optional; with PluginInfo::sockets.
//
//     void setup(noa::Setup& setup) override { setup.use(sockets_); … }
//     noa::Status start() override {
//         sockets_.for_each_kept([&](noa::Fd fd, std::string_view state) { go_on(…); });
//         const auto fd = sockets_.listen("tcp:127.0.0.1:6379");
//         if (!fd) return fd.error();
//         return sockets_.watch(*fd, noa::ready_read, [this, fd = *fd](auto) { accept_on(fd); });
//     }
//     noa::Status quiesce(noa::Time) override { … sockets_.keep(std::move(fd), state); … }
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "noa/ext/listener.h"
#include "noa/sdk/fd.hpp"
#include "noa/sdk/generation.hpp"

namespace noa::sdk {

// What a watch waits for, and what was found; bits.
using Ready = std::uint32_t;
inline constexpr Ready ready_read = NOA_READY_READ;
inline constexpr Ready ready_write = NOA_READY_WRITE;
inline constexpr Ready ready_closed = NOA_READY_CLOSED; // found whether asked for or not

struct ListenOptions {
    std::uint32_t backlog = 0; // connections that may wait; 0: 128
    std::uint32_t mode = 0;    // permission bits of a unix socket; 0: 0660
};

// A member of the agent, one.  [lane] every function, from start to the end of quiesce.
class Sockets final : public Part {
public:
    Status attach(Generation& generation) override {
        if (!generation.info.sockets || generation.sockets != nullptr) {
            return invalid(generation.info.sockets ? "one noa::Sockets an agent"
                                                   : "noa::Sockets needs PluginInfo::sockets");
        }
        generation.sockets = this;
        host_ = &generation.host;
        contract_ = host_->extension<noa_listener_host>(NOA_LISTENER_ID);
        return {};
    }

    // The agent's listening socket on "tcp:127.0.0.1:6379", "tcp:[::1]:0" or "unix:/path",
    // non-blocking; opened by the first generation that asks for it. The descriptor is the host's:
    // not to be closed, and asked for again in each start.
    Result<int> listen(std::string_view address, ListenOptions options = {}) {
        if (contract_ == nullptr) {
            return unsupported();
        }
        const noa_listen_options raw{sizeof raw, options.backlog, options.mode, 0};
        noa_error error{};
        error.struct_size = sizeof error;
        std::int32_t fd = -1;
        const noa_status status =
            contract_->listen(host_->context(), to_str(address), &raw, &fd, &error);
        if (status != NOA_OK) {
            error.text[sizeof error.text - 1] = '\0';
            return Error{status, std::string("listen on ")
                                     .append(address)
                                     .append(": ")
                                     .append(error.text[0] != '\0' ? std::string_view(error.text)
                                                                   : name_of(status))};
        }
        return fd;
    }
    // Closes it for the agent.
    Status unlisten(std::string_view address) {
        return contract_ == nullptr
                   ? Status(unsupported())
                   : to_status(contract_->unlisten(host_->context(), to_str(address)),
                               std::string("unlisten ").append(address));
    }

    // In quiesce: gives an established connection to the next generation, with what that must
    // know of it. Refused, it closes with `connection`.
    Status keep(Fd connection, std::string_view state = {}) {
        if (contract_ == nullptr) {
            return unsupported();
        }
        forget(connection.get());
        const noa_status status =
            contract_->keep(host_->context(), connection.get(), to_bytes(state));
        if (status == NOA_OK) {
            static_cast<void>(connection.release());
        }
        return to_status(status, "keep a connection");
    }
    // In start: `take(Fd, std::string_view state)` for each connection that the former generation
    // has kept, in that order. Until start is sure to succeed, neither read nor write them: if it
    // fails, the former generation goes on with them.
    template <class Take>
    Status for_each_kept(Take&& take) {
        if (contract_ == nullptr) {
            return unsupported();
        }
        for (;;) {
            std::int32_t fd = -1;
            noa_bytes state{};
            const noa_status status = contract_->take(host_->context(), &fd, &state);
            if (status != NOA_OK) {
                return status == NOA_E_NOT_FOUND ? Status()
                                                 : to_status(status, "take a connection over");
            }
            take(Fd(fd), view(state));
        }
    }

    // Has `run(Ready)` called whenever `fd` is ready for any of `events`, until unwatch; another
    // watch of the same descriptor replaces it. An exception ends the watch. Unwatch what is found
    // closed, and before a descriptor is closed.
    Status watch(int fd, Ready events, Function<void(Ready)> run) {
        if (contract_ == nullptr) {
            return unsupported();
        }
        forget(fd);
        const std::uint64_t tag = watches_.insert({fd, events, std::move(run)});
        const noa_status status = contract_->watch(host_->context(), fd, events, tag);
        if (status != NOA_OK) {
            watches_.take(tag);
            return to_status(status, "watch a descriptor");
        }
        tags_[fd] = tag;
        return {};
    }
    // False when it is not watched.
    bool unwatch(int fd) noexcept {
        const bool watched = forget(fd);
        if (watched) {
            contract_->unwatch(host_->context(), fd);
        }
        return watched;
    }

    void starting() noexcept override {
        watches_.each_tag([this](std::uint64_t tag) { unwatch(watches_.find(tag)->fd); });
    }
    void quiet() noexcept override { // the host has dropped its part
        tags_.clear();
        watches_.clear();
    }
    void ready(std::uint64_t tag, std::uint32_t events) override {
        Watch* watch = watches_.find(tag);
        if (watch == nullptr) {
            return;
        }
        // Out of its slot while it runs: it may unwatch itself, or watch others.
        Function<void(Ready)> run = std::move(watch->run);
        try {
            run(events);
        } catch (...) {
            if (const Watch* left = watches_.find(tag); left != nullptr) {
                forget(left->fd);
            }
            throw;
        }
        if (Watch* left = watches_.find(tag); left != nullptr) {
            left->run = std::move(run);
            again(tag, *left);
        }
    }

private:
    struct Watch {
        int fd = -1;
        Ready events = 0;
        Function<void(Ready)> run;
    };

    static Error unsupported() { return {NOA_E_UNSUPPORTED, "this host keeps no sockets"}; }

    void again(std::uint64_t tag, const Watch& watch) {
        const int fd = watch.fd;
        if (const noa_status status = contract_->watch(host_->context(), fd, watch.events, tag);
            status != NOA_OK) {
            host_->log(Level::error, "socket.watch_lost", name_of(status));
            forget(fd);
        }
    }
    bool forget(int fd) noexcept {
        const auto found = tags_.find(fd);
        if (found == tags_.end()) {
            return false;
        }
        watches_.take(found->second);
        tags_.erase(found);
        return true;
    }

    const Host* host_ = nullptr;
    const noa_listener_host* contract_ = nullptr;
    Slots<Watch> watches_;
    std::unordered_map<int, std::uint64_t> tags_;
};

} // namespace noa::sdk

namespace noa {

using sdk::Fd;
using sdk::ListenOptions;
using sdk::Ready;
using sdk::ready_closed;
using sdk::ready_read;
using sdk::ready_write;
using sdk::Sockets;

} // namespace noa
