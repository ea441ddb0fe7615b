/* Messages as a plugin reads and writes them. */
#ifndef NOA_MESSAGE_H
#define NOA_MESSAGE_H

#include "noa/status.h"

#define NOA_MESSAGE_REQUEST 1u /* an operation; answered unless NOA_MESSAGE_NO_REPLY is set */
#define NOA_MESSAGE_REPLY 2u
#define NOA_MESSAGE_ERROR 3u
#define NOA_MESSAGE_EVENT 4u /* published on a subject */

#define NOA_PRIORITY_NORMAL 0u
#define NOA_PRIORITY_HIGH 1u
#define NOA_PRIORITY_LOW 2u

#define NOA_MESSAGE_NO_REPLY 1u    /* fire and forget: nobody waits */
#define NOA_MESSAGE_REDELIVERED 2u /* an earlier delivery was not settled; may come late */

#define NOA_AGENT_NAME_MAX 63u /* bytes: [a-z0-9] first, then [a-z0-9_-] */
#define NOA_SUBJECT_MAX 255u   /* bytes: tokens of [A-Za-z0-9_-] separated by dots */
#define NOA_CONTENT_TYPE_MAX 127u
#define NOA_TRACEPARENT_MAX 127u
#define NOA_BODY_MAX 16777216u /* 16 MiB: the host's default, may be configured lower */

/* A message on loan from the host.
 *
 * Lifetime   until the call that received it returns, or until `release` of what `retain`
 *            gave. Everything it points to lives as long.
 * Ownership  the host's: read only. */
typedef struct noa_message {
    uint32_t struct_size;
    uint32_t kind;     /* NOA_MESSAGE_* */
    uint32_t flags;    /* NOA_MESSAGE_NO_REPLY, NOA_MESSAGE_REDELIVERED */
    uint32_t priority; /* NOA_PRIORITY_* */
    noa_id id;
    noa_id correlation;   /* of a reply or error: the request's id; else zero */
    noa_str from;         /* agent name; "outside" for a program without one */
    noa_str to;           /* agent name; empty for an event */
    noa_str subject;      /* operation of a request, subject of an event */
    noa_str content_type; /* empty: not said */
    noa_str traceparent;  /* W3C Trace Context; empty: none */
    noa_bytes body;
    int64_t sent_unix_ns; /* the sender's wall clock, to about 4 ms: display, never compare */
    int64_t deadline_ns;  /* on the clock of noa_host.now_ns; 0: none */
    uint32_t hops;        /* how many messages led to this one */
    uint32_t attempt;     /* 1 for a first delivery; one more by each retry and each switch */
    int32_t status;       /* of an error: NOA_E_*; else NOA_OK */
    uint32_t reserved;
} noa_message;

/* A body to write in place, so that a large one is never copied.
 *
 * Ownership  the plugin's from msg_alloc until it is given to a successful send or to
 *            msg_free, on whichever thread; the memory is the host's. */
typedef struct noa_buffer {
    uint32_t struct_size;
    uint32_t reserved;
    void* data;
    uint64_t capacity;
    uint64_t handle;
} noa_buffer;

/* A message to send. The host copies what it points to before the call returns.
 *
 * While a message is being handled (in handle, on_reply) what is not set is inherited from
 * it: the traceparent, and by a request the deadline; hops always count on. */
typedef struct noa_outgoing {
    uint32_t struct_size;
    uint32_t priority;
    noa_address to; /* from resolve, or 0: then to_name is looked up */
    noa_str to_name;
    noa_str subject;
    noa_str content_type;
    noa_str traceparent;
    noa_bytes body;           /* ignored when buffer is set */
    const noa_buffer* buffer; /* NULL, or what msg_alloc gave; consumed on NOA_OK */
    uint64_t buffer_used;     /* bytes of the buffer that are the body */
    int64_t deadline_ns;      /* 0: inherited, else for a request the agent's task_timeout */
} noa_outgoing;

/* What became of a send. */
typedef struct noa_receipt {
    uint32_t struct_size;
    uint32_t accepted;       /* recipients, or messages of send_many, that took it */
    uint32_t refused;        /* that did not: full, stopped */
    uint32_t retry_after_ms; /* a hint that comes with NOA_E_BUSY */
    uint64_t depth;          /* the recipient's unsettled messages, the last one asked */
} noa_receipt;

#endif
