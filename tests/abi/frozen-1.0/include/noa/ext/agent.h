/* noa.agent/1: what an agent is called and what it was given.
 *
 * One plugin may serve several agents; this is how a generation learns which of them it is. */
#ifndef NOA_EXT_AGENT_H
#define NOA_EXT_AGENT_H

#include "noa/host.h"

#define NOA_AGENT_ID "noa.agent/1"

#define NOA_RUN_THREAD 1u
#define NOA_RUN_PROCESS 2u

NOA_BEGIN_DECLS

typedef struct noa_agent_facts {
    uint32_t struct_size;
    uint32_t run;            /* NOA_RUN_* */
    noa_str name;            /* the agent's; lives as long as the generation */
    uint64_t generation;     /* 1 for the first since the host's start */
    uint64_t queue_size;     /* unsettled messages that the inbox takes */
    uint32_t concurrency;    /* deliveries open at a time; 0: no limit but queue_size */
    uint32_t max_deliveries; /* before a message is given up */
    int64_t task_timeout_ns; /* of requests without a deadline of their own */
    int64_t quiesce_timeout_ns;
} noa_agent_facts;

typedef struct noa_agent_host {
    uint32_t struct_size;
    uint32_t reserved;
    /* Fills what there is room for and sets `ret_facts->struct_size`, the room, to what it has
     * filled: read a member that is younger than 1.0 through NOA_HAS. All but name, generation
     * and run may change while the agent runs. NOA_E_INVALID for a struct shorter than that of
     * 1.0. In a probe, before the first load, the generation is 0 and the name "probe".  [any] */
    noa_status (*facts)(noa_context context, noa_agent_facts* ret_facts);
} noa_agent_host;

NOA_END_DECLS

#endif
