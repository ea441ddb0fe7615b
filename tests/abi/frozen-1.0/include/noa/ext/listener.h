/* noa.listener/1: sockets that outlive a generation.
 *
 * Listening sockets belong to the agent and are lent to its generations: while one follows the
 * other, new connections wait in the backlog, and none is refused. Established connections are
 * put into the host's keeping by the generation that leaves and taken out by the one that
 * follows, each with a blob that says where its protocol stands; none is dropped.
 *
 * Host side    extension("noa.listener/1") of noa_host gives noa_listener_host.
 * Plugin side  extension("noa.listener/1") of noa_plugin gives noa_listener_plugin; only for
 *              plugins that use `watch`. Others wait for their sockets on threads of their own. */
#ifndef NOA_EXT_LISTENER_H
#define NOA_EXT_LISTENER_H

#include "noa/plugin.h"

#define NOA_LISTENER_ID "noa.listener/1"

#define NOA_READY_READ 1u
#define NOA_READY_WRITE 2u
#define NOA_READY_CLOSED 4u /* hang-up or error; reported whether asked for or not */

NOA_BEGIN_DECLS

typedef struct noa_listen_options {
    uint32_t struct_size;
    uint32_t backlog; /* connections that may wait; 0: 128 */
    uint32_t mode;    /* permission bits of a unix socket; 0: 0660 */
    uint32_t reserved;
} noa_listen_options;

typedef struct noa_listener_host {
    uint32_t struct_size;
    uint32_t reserved;

    /* The agent's listening socket on `address`: "tcp:127.0.0.1:6379", "tcp:[::1]:0" (numeric
     * hosts only; an IPv6 address takes IPv6 only) or "unix:/run/noa/cache.sock" (absolute, at
     * most 107 bytes; a socket file that nobody answers on is replaced). Opened on first use,
     * non-blocking and close-on-exec; the next generation that asks for the same address gets
     * the same socket. What a generation has not asked for by the return of start is closed when
     * it has taken over. At most 64 a generation. `options` may be NULL and counts on first use
     * only.
     * Ownership  the host's: do not close the descriptor. Good until unlisten, or until quiesce
     *            has returned NOA_OK: each start asks for it again.
     * Errors     NOA_E_FAILED with the system's word in `error` (may be NULL), NOA_E_INVALID for
     *            an address that breaks the form, NOA_E_TOO_LARGE over the limit, NOA_E_STATE
     *            outside start … quiesce.  [lane] */
    noa_status (*listen)(noa_context context, noa_str address, const noa_listen_options* options,
                         int32_t* ret_fd, noa_error* error);
    /* Closes it for the agent, a unix socket's file included; in start what the former
     * generation listens on stays open until this one has taken over. NOA_E_NOT_FOUND;
     * NOA_E_STATE outside start … quiesce.  [lane] */
    noa_status (*unlisten)(noa_context context, noa_str address);

    /* Gives an established stream connection into the host's keeping, with what the next
     * generation must know of it: at most 1 MiB each and 64 MiB in all, and 16,384 connections
     * an agent. A watch on it ends. What start does not take again is closed once that
     * generation has taken over, or when the agent stops.
     * Ownership  the host's from NOA_OK on.
     * Errors     NOA_E_INVALID for what is no established connection, or is kept already;
     *            NOA_E_TOO_LARGE over a limit.  [lane & running, and in quiesce] */
    noa_status (*keep)(noa_context context, int32_t fd, noa_bytes state);
    /* Takes one connection out, in the order of keep; NOA_E_NOT_FOUND when none is left. When
     * the generation fails to start, the former one finds them all again: start neither reads
     * nor writes before it is sure, and closes what it took when it fails.
     * Ownership  the descriptor is the plugin's: a duplicate, so that a connection has two
     *            during a switch. A host that is out of descriptors gives the only one, and that
     *            connection does not survive a start that fails. `ret_state` lives until start
     *            returns.  [lane, in start] */
    noa_status (*take)(noa_context context, int32_t* ret_fd, noa_bytes* ret_state);

    /* Calls on_ready once with `tag` when `fd` is ready for any of `events` (NOA_READY_*);
     * watching again is the plugin's word that it wants more. One watch a descriptor; another
     * replaces it. Dropped by the host after quiesce.
     * Errors     NOA_E_INVALID for events that there are not, and for what cannot be waited for;
     *            NOA_E_TOO_LARGE over 65,536 watches an agent, NOA_E_UNSUPPORTED when the plugin
     *            has no on_ready, NOA_E_FAILED when the system refuses.
     * [lane & running, in start] */
    noa_status (*watch)(noa_context context, int32_t fd, uint32_t events, uint64_t tag);
    /* Before the descriptor is closed. NOA_E_NOT_FOUND when there is no watch (any more); after
     * it returns, on_ready is not called for that watch.  [lane] */
    noa_status (*unwatch)(noa_context context, int32_t fd);
} noa_listener_host;

typedef struct noa_listener_plugin {
    uint32_t struct_size;
    uint32_t reserved;
    /* `events` as far as they are so.  [lane & running] */
    void (*on_ready)(noa_agent* agent, uint64_t tag, uint32_t events);
} noa_listener_plugin;

NOA_END_DECLS

#endif
