/* The type of every function of the contract, compiled as C and as C++: a changed argument
 * does not convert to the pointer here. After a release no line may change. */
#include "noa/noa.h"

#define SIGNATURE(type, member, result, arguments)                                                 \
    void check_##type##_##member(const type* table) {                                              \
        /* NOLINTNEXTLINE(bugprone-macro-parentheses): a type has none */                          \
        result(*function) arguments = table->member;                                               \
        (void)function;                                                                            \
    }                                                                                              \
    void check_##type##_##member(const type* table)

SIGNATURE(noa_sink, write, int32_t, (const struct noa_sink*, const void*, uint64_t));
SIGNATURE(noa_source, read, int32_t, (const struct noa_source*, void*, uint64_t, uint64_t*));
SIGNATURE(noa_host, extension, const void*, (noa_context, const char*));
SIGNATURE(noa_host, now_ns, int64_t, (noa_context));
SIGNATURE(noa_host, log, void, (noa_context, uint32_t, noa_str, noa_str));
SIGNATURE(noa_host, on_lane, uint32_t, (noa_context));
SIGNATURE(noa_host, resolve, noa_status, (noa_context, noa_str, noa_address*));
SIGNATURE(noa_host, msg_alloc, noa_status, (noa_context, uint64_t, noa_buffer*));
SIGNATURE(noa_host, msg_free, noa_status, (noa_context, const noa_buffer*));
SIGNATURE(noa_host, retain, noa_status, (noa_context, const noa_message*, const noa_message**));
SIGNATURE(noa_host, release, noa_status, (noa_context, const noa_message*));
SIGNATURE(noa_host, send, noa_status, (noa_context, const noa_outgoing*, noa_receipt*));
SIGNATURE(noa_host, send_many, noa_status,
          (noa_context, const noa_outgoing*, uint32_t, uint32_t, noa_receipt*));
SIGNATURE(noa_host, request, noa_status,
          (noa_context, const noa_outgoing*, uint64_t, noa_receipt*));
SIGNATURE(noa_host, publish, noa_status, (noa_context, const noa_outgoing*, noa_receipt*));
SIGNATURE(noa_host, reply, noa_status, (noa_context, noa_delivery, const noa_outgoing*));
SIGNATURE(noa_host, settle, noa_status, (noa_context, noa_delivery, noa_status, noa_str, uint32_t));
SIGNATURE(noa_host, subscribe, noa_status, (noa_context, noa_str));
SIGNATURE(noa_host, unsubscribe, noa_status, (noa_context, noa_str));
SIGNATURE(noa_host, wake, noa_status, (noa_context, uint64_t));
SIGNATURE(noa_plugin, create, noa_status, (const noa_host*, noa_context, noa_agent**, noa_error*));
SIGNATURE(noa_plugin, configure, noa_status, (noa_agent*, noa_str, uint32_t, noa_error*));
SIGNATURE(noa_plugin, start, noa_status, (noa_agent*, noa_error*));
SIGNATURE(noa_plugin, handle, noa_status,
          (noa_agent*, const noa_message*, noa_delivery, noa_error*));
SIGNATURE(noa_plugin, on_reply, void, (noa_agent*, uint64_t, noa_status, const noa_message*));
SIGNATURE(noa_plugin, on_wake, void, (noa_agent*, uint64_t));
SIGNATURE(noa_plugin, quiesce, noa_status, (noa_agent*, int64_t, noa_error*));
SIGNATURE(noa_plugin, save, noa_status, (noa_agent*, const noa_sink*, noa_error*));
SIGNATURE(noa_plugin, restore, noa_status, (noa_agent*, const noa_source*, noa_error*));
SIGNATURE(noa_plugin, confirm, void, (noa_agent*));
SIGNATURE(noa_plugin, destroy, void, (noa_agent*));
SIGNATURE(noa_plugin, extension, const void*, (const char*));
SIGNATURE(noa_inspect_plugin, health, noa_status, (noa_agent*, const noa_sink*, noa_error*));
SIGNATURE(noa_inspect_plugin, metrics, noa_status, (noa_agent*, const noa_sink*, noa_error*));
SIGNATURE(noa_inspect_plugin, describe, noa_status, (noa_agent*, const noa_sink*, noa_error*));
SIGNATURE(noa_storage_host, state_dir, noa_status, (noa_context, noa_str*));
SIGNATURE(noa_timer_host, arm, noa_status, (noa_context, uint64_t, int64_t, int64_t));
SIGNATURE(noa_timer_host, cancel, noa_status, (noa_context, uint64_t));
SIGNATURE(noa_timer_plugin, on_timer, void, (noa_agent*, uint64_t));
SIGNATURE(noa_agent_host, facts, noa_status, (noa_context, noa_agent_facts*));
SIGNATURE(noa_reconfigure_plugin, reconfigure, noa_status,
          (noa_agent*, noa_str, uint32_t, noa_error*));
SIGNATURE(noa_listener_host, listen, noa_status,
          (noa_context, noa_str, const noa_listen_options*, int32_t*, noa_error*));
SIGNATURE(noa_listener_host, unlisten, noa_status, (noa_context, noa_str));
SIGNATURE(noa_listener_host, keep, noa_status, (noa_context, int32_t, noa_bytes));
SIGNATURE(noa_listener_host, take, noa_status, (noa_context, int32_t*, noa_bytes*));
SIGNATURE(noa_listener_host, watch, noa_status, (noa_context, int32_t, uint32_t, uint64_t));
SIGNATURE(noa_listener_host, unwatch, noa_status, (noa_context, int32_t));
SIGNATURE(noa_listener_plugin, on_ready, void, (noa_agent*, uint64_t, uint32_t));
SIGNATURE(noa_arena_host, open, noa_status, (noa_context, uint64_t, uint64_t, noa_arena*));
SIGNATURE(noa_arena_host, grow, noa_status, (noa_context, uint64_t, noa_arena*));
SIGNATURE(noa_arena_host, release, noa_status, (noa_context, uint64_t, uint64_t));
SIGNATURE(noa_arena_host, close, noa_status, (noa_context));
SIGNATURE(noa_arena_host, discard, noa_status, (noa_context));

/* Declared again, since nobody defines it here: another type would not agree with the header. */
NOA_BEGIN_DECLS
NOA_PLUGIN_EXPORT const noa_plugin* noa_plugin_entry_v1(void);
NOA_END_DECLS

void check_entry(noa_plugin_entry entry) {
    const noa_plugin* (*function)(void) = entry;
    (void)function;
}

int main(void) {
    return 0;
}
