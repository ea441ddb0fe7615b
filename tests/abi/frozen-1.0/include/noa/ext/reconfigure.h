/* noa.reconfigure/1: new settings without a new generation.
 *
 * Offered by a plugin; asked when an agent's settings changed and its file did not. What was
 * taken counts like what configure committed: a start that undoes a quiesce goes on with it. */
#ifndef NOA_EXT_RECONFIGURE_H
#define NOA_EXT_RECONFIGURE_H

#include "noa/plugin.h"

#define NOA_RECONFIGURE_ID "noa.reconfigure/1"

NOA_BEGIN_DECLS

typedef struct noa_reconfigure_plugin {
    uint32_t struct_size;
    uint32_t reserved;
    /* Settings as in noa_plugin.configure. commit 0: only say whether this generation can take
     * them while it runs; NOA_OK, or any other code, after which the host makes a new
     * generation instead. Changes nothing, and may be all that is asked. commit 1, between the
     * same two messages: take them. A failure of that leaves the former ones in force, and has
     * a new generation follow as well.  [lane & running] */
    noa_status (*reconfigure)(noa_agent* agent, noa_str settings, uint32_t commit,
                              noa_error* error);
} noa_reconfigure_plugin;

NOA_END_DECLS

#endif
