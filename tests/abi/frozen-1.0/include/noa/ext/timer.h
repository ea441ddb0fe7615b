/* noa.timer/1: timers of a generation.
 *
 * Host side    extension("noa.timer/1") of noa_host gives noa_timer_host.
 * Plugin side  extension("noa.timer/1") of noa_plugin gives noa_timer_plugin.
 * Life         armed in start or later, dropped by the host when quiesce has returned NOA_OK;
 *              start arms them again, and so does the next generation. */
#ifndef NOA_EXT_TIMER_H
#define NOA_EXT_TIMER_H

#include "noa/plugin.h"

#define NOA_TIMER_ID "noa.timer/1"

NOA_BEGIN_DECLS

typedef struct noa_timer_host {
    uint32_t struct_size;
    uint32_t reserved;
    /* Calls on_timer(tag) once after `delay_ns`, and then every `period_ns` unless that is 0.
     * Arming a tag again replaces it. A late period is skipped, not caught up. NOA_E_INVALID
     * for less than 0 or more than a century, NOA_E_TOO_LARGE over 4,096 timers.
     * [lane & running, in start] */
    noa_status (*arm)(noa_context context, uint64_t tag, int64_t delay_ns, int64_t period_ns);
    /* NOA_E_NOT_FOUND when it is not armed (any more); after it returns, on_timer is not called
     * for what was armed before.  [lane & created] */
    noa_status (*cancel)(noa_context context, uint64_t tag);
} noa_timer_host;

typedef struct noa_timer_plugin {
    uint32_t struct_size;
    uint32_t reserved;
    /* [lane & running] */
    void (*on_timer)(noa_agent* agent, uint64_t tag);
} noa_timer_plugin;

NOA_END_DECLS

#endif
