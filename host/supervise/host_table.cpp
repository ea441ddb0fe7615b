#include "supervise/host_table.hpp"

#include <cstring>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "noa/noa.h"
#include "supervise/with_generation.hpp"

namespace noa::supervise {

namespace {

using bus::view;

noa_status arm(noa_context context, std::uint64_t tag, std::int64_t delay_ns,
               std::int64_t period_ns) {
    return with_generation(context, [&](Generation& generation) {
        if (!generation.lane().on_lane()) {
            return NOA_E_STATE;
        }
        constexpr std::int64_t century_ns = 3'155'760'000'000'000'000; // no sum overflows
        if (delay_ns < 0 || period_ns < 0 || delay_ns > century_ns || period_ns > century_ns) {
            return NOA_E_INVALID;
        }
        return generation.lane().timers().arm(tag, monotonic_ns() + delay_ns, period_ns);
    });
}

noa_status cancel(noa_context context, std::uint64_t tag) {
    return with_generation(context, [&](Generation& generation) {
        return generation.lane().on_lane() ? generation.lane().timers().cancel(tag) : NOA_E_STATE;
    });
}

constexpr noa_timer_host timer_table{sizeof(noa_timer_host), 0, arm, cancel};

noa_status state_dir(noa_context context, noa_str* ret_path) {
    return with_generation(context, given(ret_path), [&](Generation& generation) {
        std::string_view path;
        const auto status = generation.state_dir(path);
        if (status == NOA_OK) {
            *ret_path = bus::to_str(path);
        }
        return status;
    });
}

constexpr noa_storage_host storage_table{sizeof(noa_storage_host), 0, state_dir};

const void* extension(noa_context context, const char* id) {
    const Entered generation(context_table(), context);
    if (!generation || id == nullptr) {
        return nullptr;
    }
    const std::string_view wanted(id, ::strnlen(id, 64));
    if (wanted == NOA_TIMER_ID) {
        return &timer_table;
    }
    if (wanted == NOA_STORAGE_ID) {
        return &storage_table;
    }
    if (wanted == NOA_AGENT_ID) {
        return &agent_table();
    }
    if (wanted == NOA_LISTENER_ID) {
        return &listener_table();
    }
    if (wanted == NOA_ARENA_ID && generation->has_arena()) {
        return &arena_table();
    }
    return nullptr;
}

std::int64_t now_ns(noa_context) {
    return monotonic_ns();
}

void log(noa_context context, std::uint32_t level, noa_str event, noa_str text) {
    static_cast<void>(with_generation(context, [&](Generation& generation) {
        generation.plugin_log(level, view(event), view(text));
        return NOA_OK;
    }));
}

std::uint32_t on_lane(noa_context context) {
    const Entered generation(context_table(), context);
    return generation && generation->lane().on_lane() ? 1 : 0;
}

noa_status resolve(noa_context context, noa_str agent, noa_address* ret_address) {
    return with_generation(context, given(ret_address), [&](Generation& generation) {
        if (!is_agent_name(view(agent))) {
            return NOA_E_INVALID;
        }
        const auto* endpoint =
            generation.lane().bus().routes().resolve(view(agent), bus::RouteTable::kept_for_agents);
        if (endpoint == nullptr) {
            return NOA_E_TOO_LARGE;
        }
        *ret_address = endpoint->address();
        return NOA_OK;
    });
}

noa_status msg_alloc(noa_context context, std::uint64_t size, noa_buffer* ret_buffer) {
    return with_generation(context, ret_buffer != nullptr && NOA_HAS(ret_buffer, handle),
                           [&](Generation& generation) -> noa_status {
                               if (size > generation.lane().bus().options().max_message) {
                                   return NOA_E_TOO_LARGE;
                               }
                               return generation.lane().buffers().alloc(size, *ret_buffer);
                           });
}

noa_status msg_free(noa_context context, const noa_buffer* buffer) {
    return with_generation(
        context, buffer != nullptr && NOA_HAS(buffer, handle),
        [&](Generation& generation) { return generation.lane().buffers().free(buffer->handle); });
}

noa_status retain(noa_context context, const noa_message* message, const noa_message** ret_kept) {
    return with_generation(context, given(message, ret_kept), [&](Generation& generation) {
        return generation.lane().retain(*message, ret_kept);
    });
}

noa_status release(noa_context context, const noa_message* kept) {
    return with_generation(context, given(kept), [&](Generation& generation) {
        return generation.lane().release(*kept);
    });
}

noa_status send(noa_context context, const noa_outgoing* message, noa_receipt* ret_receipt) {
    return with_generation(context, given(message), [&](Generation& generation) {
        return generation.lane().send(*message, ret_receipt);
    });
}

noa_status send_many(noa_context context, const noa_outgoing* messages, std::uint32_t stride,
                     std::uint32_t count, noa_receipt* ret_receipt) {
    return with_generation(context, given(messages), [&](Generation& generation) {
        return generation.lane().send_many(messages, stride, count, ret_receipt);
    });
}

noa_status request(noa_context context, const noa_outgoing* message, std::uint64_t tag,
                   noa_receipt* ret_receipt) {
    return with_generation(context, given(message), [&](Generation& generation) {
        return generation.lane().request(*message, tag, ret_receipt);
    });
}

noa_status publish(noa_context context, const noa_outgoing* message, noa_receipt* ret_receipt) {
    return with_generation(context, given(message), [&](Generation& generation) {
        return generation.lane().publish(*message, ret_receipt);
    });
}

noa_status reply(noa_context context, noa_delivery delivery, const noa_outgoing* message) {
    return with_generation(context, given(message), [&](Generation& generation) {
        return generation.lane().reply(delivery, *message);
    });
}

noa_status settle(noa_context context, noa_delivery delivery, noa_status status, noa_str text,
                  std::uint32_t retry_after_ms) {
    return with_generation(context, [&](Generation& generation) {
        return generation.lane().settle(delivery, status, view(text), retry_after_ms);
    });
}

noa_status subscribe(noa_context context, noa_str pattern) {
    return with_generation(
        context, [&](Generation& generation) { return generation.subscribe(view(pattern)); });
}

noa_status unsubscribe(noa_context context, noa_str pattern) {
    return with_generation(
        context, [&](Generation& generation) { return generation.unsubscribe(view(pattern)); });
}

noa_status wake(noa_context context, std::uint64_t tag) {
    return with_generation(context,
                           [&](Generation& generation) { return generation.lane().wake(tag); });
}

constexpr noa_host table{
    sizeof(noa_host), NOA_ABI_MINOR, NOA_VERSION, extension, now_ns,    log,         on_lane,
    resolve,          msg_alloc,     msg_free,    retain,    release,   send,        send_many,
    request,          publish,       reply,       settle,    subscribe, unsubscribe, wake};

} // namespace

const noa_host& host_table() noexcept {
    return table;
}

ContextTable& context_table() noexcept {
    static ContextTable contexts;
    return contexts;
}

} // namespace noa::supervise
