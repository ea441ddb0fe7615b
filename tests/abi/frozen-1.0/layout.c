/* The binary layout of the contract on 64-bit machines, compiled as C and as C++.
 *
 * After a release no line of this file may change but a SIZE, and only because an AT was
 * added at the end of its struct. A frozen copy is compiled with SIZE_MAY as >= against the
 * headers of later minors. */
#include "noa/noa.h"

#ifndef SIZE_MAY
#define SIZE_MAY ==
#endif
#define SIZE(type, bytes)                                                                          \
    NOA_STATIC_ASSERT(sizeof(type) SIZE_MAY(bytes), #type ": its size is part of the contract")
#define AT(type, member, offset, bytes)                                                            \
    NOA_STATIC_ASSERT(offsetof(type, member) == (offset) && sizeof(((type*)0)->member) == (bytes), \
                      #type "." #member ": its place is part of the contract")
#define VALUE(name, value)                                                                         \
    NOA_STATIC_ASSERT((name) == (value), #name ": its value is part of the contract")

NOA_STATIC_ASSERT(sizeof(void*) == 8, "the figures below are those of 64-bit machines");

SIZE(noa_str, 16);
AT(noa_str, data, 0, 8);
AT(noa_str, size, 8, 8);

SIZE(noa_bytes, 16);
AT(noa_bytes, data, 0, 8);
AT(noa_bytes, size, 8, 8);

SIZE(noa_id, 16);
AT(noa_id, bytes, 0, 16);

SIZE(noa_sink, 24);
AT(noa_sink, struct_size, 0, 4);
AT(noa_sink, reserved, 4, 4);
AT(noa_sink, state, 8, 8);
AT(noa_sink, write, 16, 8);

SIZE(noa_source, 32);
AT(noa_source, struct_size, 0, 4);
AT(noa_source, schema, 4, 4);
AT(noa_source, size, 8, 8);
AT(noa_source, state, 16, 8);
AT(noa_source, read, 24, 8);

SIZE(noa_error, 248);
AT(noa_error, struct_size, 0, 4);
AT(noa_error, code, 4, 4);
AT(noa_error, text, 8, 240);

SIZE(noa_note, 32);
AT(noa_note, owner_bytes, 0, 4);
AT(noa_note, field_bytes, 4, 4);
AT(noa_note, type, 8, 4);
AT(noa_note, owner, 12, 4);
AT(noa_note, abi_major, 16, 4);
AT(noa_note, abi_minor, 20, 4);
AT(noa_note, min_host_minor, 24, 4);
AT(noa_note, flags, 28, 4);

SIZE(noa_message, 176);
AT(noa_message, struct_size, 0, 4);
AT(noa_message, kind, 4, 4);
AT(noa_message, flags, 8, 4);
AT(noa_message, priority, 12, 4);
AT(noa_message, id, 16, 16);
AT(noa_message, correlation, 32, 16);
AT(noa_message, from, 48, 16);
AT(noa_message, to, 64, 16);
AT(noa_message, subject, 80, 16);
AT(noa_message, content_type, 96, 16);
AT(noa_message, traceparent, 112, 16);
AT(noa_message, body, 128, 16);
AT(noa_message, sent_unix_ns, 144, 8);
AT(noa_message, deadline_ns, 152, 8);
AT(noa_message, hops, 160, 4);
AT(noa_message, attempt, 164, 4);
AT(noa_message, status, 168, 4);
AT(noa_message, reserved, 172, 4);

SIZE(noa_buffer, 32);
AT(noa_buffer, struct_size, 0, 4);
AT(noa_buffer, reserved, 4, 4);
AT(noa_buffer, data, 8, 8);
AT(noa_buffer, capacity, 16, 8);
AT(noa_buffer, handle, 24, 8);

SIZE(noa_outgoing, 120);
AT(noa_outgoing, struct_size, 0, 4);
AT(noa_outgoing, priority, 4, 4);
AT(noa_outgoing, to, 8, 8);
AT(noa_outgoing, to_name, 16, 16);
AT(noa_outgoing, subject, 32, 16);
AT(noa_outgoing, content_type, 48, 16);
AT(noa_outgoing, traceparent, 64, 16);
AT(noa_outgoing, body, 80, 16);
AT(noa_outgoing, buffer, 96, 8); // NOLINT(bugprone-sizeof-expression): a pointer it is
AT(noa_outgoing, buffer_used, 104, 8);
AT(noa_outgoing, deadline_ns, 112, 8);

SIZE(noa_receipt, 24);
AT(noa_receipt, struct_size, 0, 4);
AT(noa_receipt, accepted, 4, 4);
AT(noa_receipt, refused, 8, 4);
AT(noa_receipt, retry_after_ms, 12, 4);
AT(noa_receipt, depth, 16, 8);

SIZE(noa_host, 160);
AT(noa_host, struct_size, 0, 4);
AT(noa_host, abi_minor, 4, 4);
AT(noa_host, version, 8, 8);
AT(noa_host, extension, 16, 8);
AT(noa_host, now_ns, 24, 8);
AT(noa_host, log, 32, 8);
AT(noa_host, on_lane, 40, 8);
AT(noa_host, resolve, 48, 8);
AT(noa_host, msg_alloc, 56, 8);
AT(noa_host, msg_free, 64, 8);
AT(noa_host, retain, 72, 8);
AT(noa_host, release, 80, 8);
AT(noa_host, send, 88, 8);
AT(noa_host, send_many, 96, 8);
AT(noa_host, request, 104, 8);
AT(noa_host, publish, 112, 8);
AT(noa_host, reply, 120, 8);
AT(noa_host, settle, 128, 8);
AT(noa_host, subscribe, 136, 8);
AT(noa_host, unsubscribe, 144, 8);
AT(noa_host, wake, 152, 8);

SIZE(noa_plugin, 152);
AT(noa_plugin, struct_size, 0, 4);
AT(noa_plugin, abi_minor, 4, 4);
AT(noa_plugin, id, 8, 8);
AT(noa_plugin, version, 16, 8);
AT(noa_plugin, description, 24, 8);
AT(noa_plugin, settings_schema, 32, 8);
AT(noa_plugin, flags, 40, 4);
AT(noa_plugin, state_schema, 44, 4);
AT(noa_plugin, oldest_state_schema, 48, 4);
AT(noa_plugin, reserved, 52, 4);
AT(noa_plugin, create, 56, 8);
AT(noa_plugin, configure, 64, 8);
AT(noa_plugin, start, 72, 8);
AT(noa_plugin, handle, 80, 8);
AT(noa_plugin, on_reply, 88, 8);
AT(noa_plugin, on_wake, 96, 8);
AT(noa_plugin, quiesce, 104, 8);
AT(noa_plugin, save, 112, 8);
AT(noa_plugin, restore, 120, 8);
AT(noa_plugin, confirm, 128, 8);
AT(noa_plugin, destroy, 136, 8);
AT(noa_plugin, extension, 144, 8);

SIZE(noa_inspect_plugin, 32);
AT(noa_inspect_plugin, struct_size, 0, 4);
AT(noa_inspect_plugin, reserved, 4, 4);
AT(noa_inspect_plugin, health, 8, 8);
AT(noa_inspect_plugin, metrics, 16, 8);
AT(noa_inspect_plugin, describe, 24, 8);

SIZE(noa_storage_host, 16);
AT(noa_storage_host, struct_size, 0, 4);
AT(noa_storage_host, reserved, 4, 4);
AT(noa_storage_host, state_dir, 8, 8);

SIZE(noa_timer_host, 24);
AT(noa_timer_host, struct_size, 0, 4);
AT(noa_timer_host, reserved, 4, 4);
AT(noa_timer_host, arm, 8, 8);
AT(noa_timer_host, cancel, 16, 8);

SIZE(noa_timer_plugin, 16);
AT(noa_timer_plugin, struct_size, 0, 4);
AT(noa_timer_plugin, reserved, 4, 4);
AT(noa_timer_plugin, on_timer, 8, 8);

SIZE(noa_agent_facts, 64);
AT(noa_agent_facts, struct_size, 0, 4);
AT(noa_agent_facts, run, 4, 4);
AT(noa_agent_facts, name, 8, 16);
AT(noa_agent_facts, generation, 24, 8);
AT(noa_agent_facts, queue_size, 32, 8);
AT(noa_agent_facts, concurrency, 40, 4);
AT(noa_agent_facts, max_deliveries, 44, 4);
AT(noa_agent_facts, task_timeout_ns, 48, 8);
AT(noa_agent_facts, quiesce_timeout_ns, 56, 8);

SIZE(noa_agent_host, 16);
AT(noa_agent_host, struct_size, 0, 4);
AT(noa_agent_host, reserved, 4, 4);
AT(noa_agent_host, facts, 8, 8);

SIZE(noa_reconfigure_plugin, 16);
AT(noa_reconfigure_plugin, struct_size, 0, 4);
AT(noa_reconfigure_plugin, reserved, 4, 4);
AT(noa_reconfigure_plugin, reconfigure, 8, 8);

SIZE(noa_listen_options, 16);
AT(noa_listen_options, struct_size, 0, 4);
AT(noa_listen_options, backlog, 4, 4);
AT(noa_listen_options, mode, 8, 4);
AT(noa_listen_options, reserved, 12, 4);

SIZE(noa_listener_host, 56);
AT(noa_listener_host, struct_size, 0, 4);
AT(noa_listener_host, reserved, 4, 4);
AT(noa_listener_host, listen, 8, 8);
AT(noa_listener_host, unlisten, 16, 8);
AT(noa_listener_host, keep, 24, 8);
AT(noa_listener_host, take, 32, 8);
AT(noa_listener_host, watch, 40, 8);
AT(noa_listener_host, unwatch, 48, 8);

SIZE(noa_listener_plugin, 16);
AT(noa_listener_plugin, struct_size, 0, 4);
AT(noa_listener_plugin, reserved, 4, 4);
AT(noa_listener_plugin, on_ready, 8, 8);

SIZE(noa_arena, 40);
AT(noa_arena, struct_size, 0, 4);
AT(noa_arena, condition, 4, 4);
AT(noa_arena, base, 8, 8);
AT(noa_arena, size, 16, 8);
AT(noa_arena, layout, 24, 8);
AT(noa_arena, epoch, 32, 8);

SIZE(noa_arena_host, 48);
AT(noa_arena_host, struct_size, 0, 4);
AT(noa_arena_host, reserved, 4, 4);
AT(noa_arena_host, open, 8, 8);
AT(noa_arena_host, grow, 16, 8);
AT(noa_arena_host, release, 24, 8);
AT(noa_arena_host, close, 32, 8);
AT(noa_arena_host, discard, 40, 8);

VALUE(NOA_ABI_MAJOR, 1u);
VALUE(NOA_NOTE_TYPE, 1u);

VALUE(NOA_OK, 0);
VALUE(NOA_DEFERRED, 1);
VALUE(NOA_E_INTERNAL, -1);
VALUE(NOA_E_INVALID, -2);
VALUE(NOA_E_UNSUPPORTED, -3);
VALUE(NOA_E_NO_AGENT, -4);
VALUE(NOA_E_BUSY, -5);
VALUE(NOA_E_RETRY, -6);
VALUE(NOA_E_TOO_LARGE, -7);
VALUE(NOA_E_EXPIRED, -8);
VALUE(NOA_E_RETIRED, -9);
VALUE(NOA_E_LOOP, -10);
VALUE(NOA_E_DENIED, -11);
VALUE(NOA_E_STATE, -12);
VALUE(NOA_E_FAILED, -13);
VALUE(NOA_E_UNAVAILABLE, -14);
VALUE(NOA_E_DEAD, -15);
VALUE(NOA_E_NOT_FOUND, -16);
VALUE(NOA_ERROR_TEXT_BYTES, 240);

VALUE(NOA_MESSAGE_REQUEST, 1u);
VALUE(NOA_MESSAGE_REPLY, 2u);
VALUE(NOA_MESSAGE_ERROR, 3u);
VALUE(NOA_MESSAGE_EVENT, 4u);
VALUE(NOA_PRIORITY_NORMAL, 0u);
VALUE(NOA_PRIORITY_HIGH, 1u);
VALUE(NOA_PRIORITY_LOW, 2u);
VALUE(NOA_MESSAGE_NO_REPLY, 1u);
VALUE(NOA_MESSAGE_REDELIVERED, 2u);
VALUE(NOA_AGENT_NAME_MAX, 63u);
VALUE(NOA_SUBJECT_MAX, 255u);
VALUE(NOA_CONTENT_TYPE_MAX, 127u);
VALUE(NOA_TRACEPARENT_MAX, 127u);

VALUE(NOA_LOG_DEBUG, 1u);
VALUE(NOA_LOG_INFO, 2u);
VALUE(NOA_LOG_WARNING, 3u);
VALUE(NOA_LOG_ERROR, 4u);
VALUE(NOA_PLUGIN_NO_ROLLBACK, 1u);

VALUE(NOA_RUN_THREAD, 1u);
VALUE(NOA_RUN_PROCESS, 2u);
VALUE(NOA_READY_READ, 1u);
VALUE(NOA_READY_WRITE, 2u);
VALUE(NOA_READY_CLOSED, 4u);
VALUE(NOA_ARENA_FRESH, 1u);
VALUE(NOA_ARENA_CLEAN, 2u);
VALUE(NOA_ARENA_DIRTY, 3u);

int main(void) {
    return 0;
}
