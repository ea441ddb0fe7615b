/* noa.inspect/1: what an agent tells about itself.
 *
 * The host answers the operations `health`, `metrics` and `describe` of every agent from
 * these, on a reserved queue that a full inbox does not block. A NULL member, or no contract
 * at all, leaves the host's own figures.
 *
 * Text  each writes one JSON object (RFC 8259), at most 1 MiB. */
#ifndef NOA_EXT_INSPECT_H
#define NOA_EXT_INSPECT_H

#include "noa/plugin.h"

#define NOA_INSPECT_ID "noa.inspect/1"

NOA_BEGIN_DECLS

typedef struct noa_inspect_plugin {
    uint32_t struct_size;
    uint32_t reserved;
    /* {"status": "healthy"|"needs_repair"|"critical",
     *  "checks": [{"name": …, "status": …, "critical": true|false, "text": …}]}
     * [lane & created] */
    noa_status (*health)(noa_agent* agent, const noa_sink* sink, noa_error* error);
    /* noa.metrics/1: {"NAME": FIGURE}, NAME like [a-z_][a-z0-9_]*, FIGURE one of
     *   {"type": "counter"|"gauge", "help": …, "value": number}
     *   {"type": "counter"|"gauge", "help": …, "series": [{"labels": {"NAME": TEXT}, "value":
     * number}]}
     *   {"type": "histogram", "help": …, "buckets": [[BOUND, number], …], "count": …, "sum": …}
     * A counter only rises while the generation lives. A bucket counts all values up to its bound,
     * bounds rise, and `count` has those beyond the last, too. At most 1,000 series of a name with
     * 8 labels of 200 bytes each, and 64 buckets: readers leave out what is beyond. [lane &
     * created] */
    noa_status (*metrics)(noa_agent* agent, const noa_sink* sink, noa_error* error);
    /* {"capabilities": [TEXT…],
     *  "operations": {"NAME": {"summary": …, "request": SCHEMA, "reply": SCHEMA}},
     *  "events": {"SUBJECT": {"summary": …, "body": SCHEMA}}}, SCHEMA in draft-07
     * [lane & created] */
    noa_status (*describe)(noa_agent* agent, const noa_sink* sink, noa_error* error);
} noa_inspect_plugin;

NOA_END_DECLS

#endif
