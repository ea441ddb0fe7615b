/* What a plugin is to the host: one exported function that returns one static table. */
#ifndef NOA_PLUGIN_H
#define NOA_PLUGIN_H

#include "noa/host.h"
#include "noa/version.h"

NOA_BEGIN_DECLS

/* The plugin's own object; the host only hands it back. */
typedef struct noa_agent noa_agent;

/* Another generation of this agent, on other code, must not be started on this one's state:
 * `noactl plan` warns before such a plugin replaces another. */
#define NOA_PLUGIN_NO_ROLLBACK 1u

/* The table. Members marked (may be NULL) are not mandatory.
 *
 * Life      create, configure(validate), configure(commit), [restore], start, then handle,
 *           on_reply, on_wake, [confirm] and extensions in any order, quiesce, [save], destroy.
 *           Whatever quiesce answered, a generation that goes on after it is started again,
 *           [restore] and start, before anything else. Destroy may follow create at any point.
 * Probe     a file that the host has not seen before goes through create, configure(validate)
 *           and destroy in a confined child first, on a host that leases nothing and takes no
 *           message: NOA_E_STATE.
 * Threads   every call, and dlopen with the library's constructors, on the generation's one
 *           lane, never two at a time. The lane is joined before dlclose, so that thread_local
 *           objects die before the unload.
 * Errors    `error` is the host's storage, never NULL, already sized and empty. */
typedef struct noa_plugin {
    uint32_t struct_size;
    uint32_t abi_minor;           /* NOA_ABI_MINOR of the header that it was built with */
    const char* id;               /* the plugin's name, an agent name, terminated */
    const char* version;          /* of the plugin, terminated, at most 63 bytes */
    const char* description;      /* one line (may be NULL) */
    const char* settings_schema;  /* JSON Schema draft-07 of the settings (may be NULL: any) */
    uint32_t flags;               /* NOA_PLUGIN_* */
    uint32_t state_schema;        /* number of what save writes; 0 without save */
    uint32_t oldest_state_schema; /* oldest number that restore reads */
    uint32_t reserved;

    /* Makes the object; `*ret_agent` is not NULL. Takes nothing exclusive: another generation
     * may be running. A failure leaves nothing: destroy does not follow.  [lane], once */
    noa_status (*create)(const noa_host* host, noa_context context, noa_agent** ret_agent,
                         noa_error* error);

    /* Settings, a JSON object already checked against the schema. commit 0: only say whether
     * they are usable. commit 1: take them. Takes nothing exclusive. (may be NULL)
     * [lane & stopped] */
    noa_status (*configure)(noa_agent* agent, noa_str settings, uint32_t commit, noa_error* error);

    /* Opens what is exclusive: state directory, ports, locks, threads. Called again after
     * quiesce, it takes up where that left off. A failure is followed by destroy, and only
     * then by the start of the generation that was there before. (may be NULL)
     * [lane & stopped] */
    noa_status (*start)(noa_agent* agent, noa_error* error);

    /* A request or an event. NOA_OK settles it (a request that got no reply is answered with
     * an empty one); NOA_DEFERRED keeps it open until reply or settle; NOA_E_RETRY has it
     * delivered again; any other code is sent to the asker with error->text.
     * [lane & running] */
    noa_status (*handle)(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                         noa_error* error);

    /* The end of a request of one's own. `message` is the reply or error; NULL when the host
     * has nothing but `status` to say. (may be NULL when never requesting)  [lane & running] */
    void (*on_reply)(noa_agent* agent, uint64_t tag, noa_status status, const noa_message* message);

    /* After noa_host.wake. (may be NULL)  [lane & created] */
    void (*on_wake)(noa_agent* agent, uint64_t tag);

    /* Closes what start opened and joins every thread, by `deadline_ns` of the host's clock.
     * Before, handle is called no more while on_reply, on_wake and timers go on, for as long as
     * deliveries or requests are open and part of the time lasts. Deliveries still deferred are
     * taken back after it has returned NOA_OK. A failure keeps the generation at work: start
     * follows. (may be NULL)  [lane & running] */
    noa_status (*quiesce)(noa_agent* agent, int64_t deadline_ns, noa_error* error);

    /* Writes what the next generation should know, in the schema `state_schema`. (may be
     * NULL: no state)  [lane & stopped, after quiesce] */
    noa_status (*save)(noa_agent* agent, const noa_sink* sink, noa_error* error);

    /* Reads what an older or newer generation saved, and replaces by it all that the object
     * holds: a generation that is put back in its place after a failed successor is handed the
     * successor's state, in a schema from oldest_state_schema to state_schema.
     * NOA_E_UNSUPPORTED refuses it, and with it the reload. (may be NULL)
     * [lane & stopped, before start] */
    noa_status (*restore)(noa_agent* agent, const noa_source* source, noa_error* error);

    /* This generation is here to stay: migrations may now drop what only the former one
     * needed. Called once, some time after start, or never. (may be NULL)  [lane & running] */
    void (*confirm)(noa_agent* agent);

    /* Frees the object.  [lane], once */
    void (*destroy)(noa_agent* agent);

    /* A contract that the plugin offers, by id; NULL when not offered. The answer is the same,
     * whenever it is asked for, and static for the life of the library. (may be NULL)  [lane] */
    const void* (*extension)(const char* id);
} noa_plugin;

/* The one exported symbol. Returns a table with static storage; allocates nothing, starts
 * nothing, does nothing else. */
#define NOA_PLUGIN_ENTRY_NAME "noa_plugin_entry_v1"
#define NOA_PLUGIN_EXPORT __attribute__((visibility("default")))
typedef const noa_plugin* (*noa_plugin_entry)(void);
NOA_PLUGIN_EXPORT const noa_plugin* noa_plugin_entry_v1(void);

NOA_END_DECLS

#endif
