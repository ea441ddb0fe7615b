/* What the host offers a plugin. */
#ifndef NOA_HOST_H
#define NOA_HOST_H

#include "noa/message.h"

#define NOA_LOG_DEBUG 1u
#define NOA_LOG_INFO 2u
#define NOA_LOG_WARNING 3u
#define NOA_LOG_ERROR 4u

NOA_BEGIN_DECLS

/* The host's functions. Received in create.
 *
 * Lifetime  the table outlives every generation.
 * Blocking  no function waits for a message, a reply or another agent.
 * Errors    NOA_E_RETIRED from every function once the generation is over; NULL or 0 from
 *           those that answer no status, but for the clock, which goes on. */
typedef struct noa_host {
    uint32_t struct_size;
    uint32_t abi_minor;
    const char* version; /* of the host, terminated; for logs, not for decisions */

    /* An optional contract by id, "noa.timer/1" for example; NULL when not offered. Lives as
     * long as the host.  [any] */
    const void* (*extension)(noa_context context, const char* id);

    /* Monotonic clock, nanoseconds. Deadlines and timers are on it.  [any] */
    int64_t (*now_ns)(noa_context context);

    /* One line in the host's log: a stable event id such as "store.opened", and a text.
     * Too long a text is cut at 4 KiB. Never pass a secret.  [any] */
    void (*log)(noa_context context, uint32_t level, noa_str event, noa_str text);

    /* 1 on the generation's lane, else 0.  [any] */
    uint32_t (*on_lane)(noa_context context);

    /* Looks an agent's name up once; sends through the address skip the lookup. Resolving a
     * name that nobody has yet is fine: the address starts to work when the agent appears.
     * NOA_E_TOO_LARGE when the host's table of names is full.  [any] */
    noa_status (*resolve)(noa_context context, noa_str agent, noa_address* ret_address);

    /* A body of `size` bytes to fill in place; what is in them is not said. It is the plugin's
     * until a send takes it, msg_free, or the return of destroy. NOA_E_TOO_LARGE over the host's
     * limit, NOA_E_BUSY when the generation has 65,536 of them.  [any] */
    noa_status (*msg_alloc)(noa_context context, uint64_t size, noa_buffer* ret_buffer);
    /* Gives an unused buffer back, once. NOA_E_INVALID, as from a send, when it was given away
     * before, or is another generation's.  [any] */
    noa_status (*msg_free)(noa_context context, const noa_buffer* buffer);

    /* Keeps a message beyond the call that received it, which is a handle or an on_reply that
     * has not returned yet. `*ret_kept` is valid until released, and at the latest until destroy
     * returns. Says nothing of the delivery: that is settled as ever. NOA_E_BUSY when too many
     * are kept.  [lane] */
    noa_status (*retain)(noa_context context, const noa_message* message,
                         const noa_message** ret_kept);
    /* Once for each retain. NOA_E_NOT_FOUND for what is not kept.  [any] */
    noa_status (*release)(noa_context context, const noa_message* kept);

    /* Sends a request that nobody waits for. NOA_OK means accepted: the host now sees to it
     * that the message is settled. NOA_E_BUSY, NOA_E_NO_AGENT, NOA_E_UNAVAILABLE,
     * NOA_E_TOO_LARGE, NOA_E_LOOP, NOA_E_INVALID: not accepted, nothing happened.
     * `ret_receipt` may be NULL; unlike other outputs it is filled on these refusals too.  [any] */
    noa_status (*send)(noa_context context, const noa_outgoing* message, noa_receipt* ret_receipt);

    /* `count` messages, `stride` bytes apart, in order; stops at the first refusal, whose
     * status it returns. `ret_receipt->accepted` says how many were taken.  [any] */
    noa_status (*send_many)(noa_context context, const noa_outgoing* messages, uint32_t stride,
                            uint32_t count, noa_receipt* ret_receipt);

    /* Sends a request; its end arrives exactly once as on_reply with `tag`, any number of the
     * plugin's: a reply, an error, or NOA_E_EXPIRED at the deadline; never when the generation
     * is over before. Off the lane it may arrive before this returns. NOA_E_BUSY also when this
     * agent already waits for as many replies as its queue_size. Refused with NOA_E_STATE from
     * the moment that the host prepares for quiesce.  [any] */
    noa_status (*request)(noa_context context, const noa_outgoing* message, uint64_t tag,
                          noa_receipt* ret_receipt);

    /* Publishes an event on `message->subject`; the receipt counts the subscribers that
     * accepted and refused. NOA_OK without any subscriber, too.  [any] */
    noa_status (*publish)(noa_context context, const noa_outgoing* message,
                          noa_receipt* ret_receipt);

    /* Answers a delivery and settles it; only body, content_type and buffer of `message` are
     * read. In handle return NOA_OK afterwards. NOA_E_RETIRED when it was settled before or
     * taken back at a switch: the message has been, or will be, delivered again.  [any] */
    noa_status (*reply)(noa_context context, noa_delivery delivery, const noa_outgoing* message);

    /* Settles a delivery without a body. NOA_OK acknowledges; NOA_E_RETRY has it delivered
     * again after `retry_after_ms`; any other code is the asker's error, with `text`.  [any] */
    noa_status (*settle)(noa_context context, noa_delivery delivery, noa_status status,
                         noa_str text, uint32_t retry_after_ms);

    /* Events on subjects that match arrive in handle. "*" stands for one token, a last ">"
     * for one or more. Subscriptions belong to the agent: those of the old generation route
     * until the switch is over, then those that the new one has made. Twice counts once.
     * NOA_E_TOO_LARGE over 4,096 an agent.  [lane & created] */
    noa_status (*subscribe)(noa_context context, noa_str pattern);
    /* NOA_E_NOT_FOUND.  [lane & created] */
    noa_status (*unsubscribe)(noa_context context, noa_str pattern);

    /* Has on_wake called with `tag`, on the lane: how a worker thread gets back there.
     * Wakes are not coalesced; up to 65,536 may wait, then NOA_E_BUSY.  [any] */
    noa_status (*wake)(noa_context context, uint64_t tag);
} noa_host;

NOA_END_DECLS

#endif
