// The host's functions as a plugin in a runner gets them.
#include <cstring>
#include <utility>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "noa/noa.h"
#include "served_lane.hpp"

namespace noa::runner {

namespace {

using link::Ask;
using link::view;

ServedLane* served = nullptr;

// The wall on this side: nothing of ours is thrown at a plugin.
template <class Call>
noa_status with_lane(noa_context context, Call&& call) noexcept {
    if (served == nullptr || context != served->context() || served->is_over()) {
        return NOA_E_RETIRED;
    }
    try {
        return std::forward<Call>(call)(*served);
    } catch (...) {
        return NOA_E_INTERNAL;
    }
}

template <class... Pointers>
bool given(const Pointers*... pointers) noexcept {
    return ((pointers != nullptr) && ...);
}

template <class Call>
noa_status with_lane(noa_context context, bool complete, Call&& call) noexcept {
    return with_lane(context, [&](ServedLane& lane) -> noa_status {
        return complete ? std::forward<Call>(call)(lane) : NOA_E_INVALID;
    });
}

noa_status arm(noa_context context, std::uint64_t tag, std::int64_t delay_ns,
               std::int64_t period_ns) {
    return with_lane(context, [&](ServedLane& lane) { return lane.arm(tag, delay_ns, period_ns); });
}

noa_status cancel(noa_context context, std::uint64_t tag) {
    return with_lane(context, [&](ServedLane& lane) { return lane.cancel(tag); });
}

noa_status state_dir(noa_context context, noa_str* ret_path) {
    return with_lane(context, given(ret_path),
                     [&](ServedLane& lane) { return lane.state_dir(*ret_path); });
}

noa_status facts(noa_context context, noa_agent_facts* ret_facts) {
    return with_lane(context, ret_facts != nullptr && NOA_HAS(ret_facts, quiesce_timeout_ns),
                     [&](ServedLane& lane) { return lane.facts(*ret_facts); });
}

noa_status listen(noa_context context, noa_str address, const noa_listen_options* options,
                  std::int32_t* ret_fd, noa_error* error) {
    return with_lane(
        context,
        ret_fd != nullptr && (error == nullptr || NOA_HAS(error, text)) &&
            (options == nullptr || NOA_HAS(options, mode)),
        [&](ServedLane& lane) { return lane.listen(view(address), options, *ret_fd, error); });
}

noa_status unlisten(noa_context context, noa_str address) {
    return with_lane(context, [&](ServedLane& lane) { return lane.unlisten(view(address)); });
}

noa_status keep(noa_context context, std::int32_t fd, noa_bytes state) {
    return with_lane(context, [&](ServedLane& lane) { return lane.keep(fd, state); });
}

noa_status take(noa_context context, std::int32_t* ret_fd, noa_bytes* ret_state) {
    return with_lane(context, given(ret_fd, ret_state),
                     [&](ServedLane& lane) { return lane.take(*ret_fd, *ret_state); });
}

noa_status watch(noa_context context, std::int32_t fd, std::uint32_t events, std::uint64_t tag) {
    return with_lane(context, [&](ServedLane& lane) { return lane.watch(fd, events, tag); });
}

noa_status unwatch(noa_context context, std::int32_t fd) {
    return with_lane(context, [&](ServedLane& lane) { return lane.unwatch(fd); });
}

bool has_room(const noa_arena* arena) noexcept {
    return arena != nullptr && NOA_HAS(arena, epoch);
}

template <class Call>
noa_status with_arena(noa_context context, bool complete, Call&& call) noexcept {
    return with_lane(context, complete,
                     [&](ServedLane& lane) { return lane.with_arena(std::forward<Call>(call)); });
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
    return with_lane(context,
                     [&](ServedLane& lane) { return lane.release_of_arena(offset, size); });
}

noa_status close_arena(noa_context context) {
    return with_arena(context, true, [](plugin::Arena& arena) { return arena.close(); });
}

noa_status discard_arena(noa_context context) {
    return with_arena(context, true, [](plugin::Arena& arena) { return arena.discard(); });
}

const void* extension(noa_context context, const char* id) {
    static constexpr noa_timer_host timers{sizeof(noa_timer_host), 0, arm, cancel};
    static constexpr noa_storage_host storage{sizeof(noa_storage_host), 0, state_dir};
    static constexpr noa_agent_host agent{sizeof(noa_agent_host), 0, facts};
    static constexpr noa_listener_host listener{
        sizeof(noa_listener_host), 0, listen, unlisten, keep, take, watch, unwatch};
    static constexpr noa_arena_host arenas{
        sizeof(noa_arena_host), 0,           open_arena,   grow_arena,
        release_arena,          close_arena, discard_arena};
    static constexpr std::pair<std::string_view, const void*> offered[] = {
        {NOA_TIMER_ID, &timers},
        {NOA_STORAGE_ID, &storage},
        {NOA_AGENT_ID, &agent},
        {NOA_LISTENER_ID, &listener},
    };
    if (served == nullptr || context != served->context() || id == nullptr) {
        return nullptr;
    }
    const std::string_view wanted(id, ::strnlen(id, 64));
    if (wanted == NOA_ARENA_ID) {
        return served->has_arena() ? &arenas : nullptr;
    }
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

void log(noa_context context, std::uint32_t level, noa_str event, noa_str text) {
    static_cast<void>(with_lane(context, [&](ServedLane& lane) {
        lane.log(level, view(event), view(text));
        return NOA_OK;
    }));
}

std::uint32_t on_lane(noa_context context) {
    return served != nullptr && context == served->context() && served->on_lane() ? 1 : 0;
}

noa_status resolve(noa_context context, noa_str agent, noa_address* ret_address) {
    return with_lane(context, given(ret_address), [&](ServedLane& lane) -> noa_status {
        return is_agent_name(view(agent)) ? lane.resolve(view(agent), *ret_address) : NOA_E_INVALID;
    });
}

noa_status msg_alloc(noa_context context, std::uint64_t size, noa_buffer* ret_buffer) {
    return with_lane(context, ret_buffer != nullptr && NOA_HAS(ret_buffer, handle),
                     [&](ServedLane& lane) { return lane.msg_alloc(size, *ret_buffer); });
}

noa_status msg_free(noa_context context, const noa_buffer* buffer) {
    return with_lane(context, buffer != nullptr && NOA_HAS(buffer, handle),
                     [&](ServedLane& lane) { return lane.msg_free(*buffer); });
}

noa_status retain(noa_context context, const noa_message* message, const noa_message** ret_kept) {
    return with_lane(context, given(message, ret_kept),
                     [&](ServedLane& lane) { return lane.retain(*message, ret_kept); });
}

noa_status release(noa_context context, const noa_message* kept) {
    return with_lane(context, given(kept), [&](ServedLane& lane) { return lane.release(*kept); });
}

noa_status send(noa_context context, const noa_outgoing* message, noa_receipt* ret_receipt) {
    return with_lane(context, given(message), [&](ServedLane& lane) {
        return lane.send(Ask::send, *message, 0, ret_receipt);
    });
}

noa_status send_many(noa_context context, const noa_outgoing* messages, std::uint32_t stride,
                     std::uint32_t count, noa_receipt* ret_receipt) {
    return with_lane(context, given(messages), [&](ServedLane& lane) {
        return lane.send_many(messages, stride, count, ret_receipt);
    });
}

noa_status request(noa_context context, const noa_outgoing* message, std::uint64_t tag,
                   noa_receipt* ret_receipt) {
    return with_lane(context, given(message), [&](ServedLane& lane) {
        return lane.send(Ask::request, *message, tag, ret_receipt);
    });
}

noa_status publish(noa_context context, const noa_outgoing* message, noa_receipt* ret_receipt) {
    return with_lane(context, given(message), [&](ServedLane& lane) {
        return lane.send(Ask::publish, *message, 0, ret_receipt);
    });
}

noa_status reply(noa_context context, noa_delivery delivery, const noa_outgoing* message) {
    return with_lane(context, given(message),
                     [&](ServedLane& lane) { return lane.reply(delivery, *message); });
}

noa_status settle(noa_context context, noa_delivery delivery, noa_status status, noa_str text,
                  std::uint32_t retry_after_ms) {
    return with_lane(context, [&](ServedLane& lane) {
        return lane.settle(delivery, status, view(text), retry_after_ms);
    });
}

noa_status subscribe(noa_context context, noa_str pattern) {
    return with_lane(
        context, [&](ServedLane& lane) { return lane.subscribe(Ask::subscribe, view(pattern)); });
}

noa_status unsubscribe(noa_context context, noa_str pattern) {
    return with_lane(
        context, [&](ServedLane& lane) { return lane.subscribe(Ask::unsubscribe, view(pattern)); });
}

noa_status wake(noa_context context, std::uint64_t tag) {
    return with_lane(context, [&](ServedLane& lane) { return lane.wake(tag); });
}

} // namespace

void set_served_lane(ServedLane* lane) noexcept {
    served = lane;
}

const noa_host& served_host() noexcept {
    static constexpr noa_host host{
        sizeof(noa_host), NOA_ABI_MINOR, NOA_VERSION, extension, now_ns,    log,         on_lane,
        resolve,          msg_alloc,     msg_free,    retain,    release,   send,        send_many,
        request,          publish,       reply,       settle,    subscribe, unsubscribe, wake};
    return host;
}

} // namespace noa::runner
