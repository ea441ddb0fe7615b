/* What a call can answer. A negative number that is not listed is a failure, too. */
#ifndef NOA_STATUS_H
#define NOA_STATUS_H

#include "noa/types.h"

typedef int32_t noa_status;

#define NOA_OK 0                /* done; from handle: the message is settled */
#define NOA_DEFERRED 1          /* from handle only: will be settled later through the host */
#define NOA_E_INTERNAL (-1)     /* a defect on the answering side, an exception for example */
#define NOA_E_INVALID (-2)      /* an argument or body breaks its contract */
#define NOA_E_UNSUPPORTED (-3)  /* not offered: unknown operation, contract or schema */
#define NOA_E_NO_AGENT (-4)     /* nobody answers to that name */
#define NOA_E_BUSY (-5)         /* the recipient's inbox is full; retry later */
#define NOA_E_RETRY (-6)        /* from handle: deliver the message again, after a delay */
#define NOA_E_TOO_LARGE (-7)    /* a body, subject, state or text over its limit */
#define NOA_E_EXPIRED (-8)      /* the deadline passed first */
#define NOA_E_RETIRED (-9)      /* this generation, or this delivery, is over */
#define NOA_E_LOOP (-10)        /* more hops than the host allows */
#define NOA_E_DENIED (-11)      /* not permitted */
#define NOA_E_STATE (-12)       /* wrong thread, or not in this phase of life */
#define NOA_E_FAILED (-13)      /* the work itself failed; the text says why */
#define NOA_E_UNAVAILABLE (-14) /* the recipient is stopped, or left before it answered */
#define NOA_E_DEAD (-15)        /* given up after max_deliveries */
#define NOA_E_NOT_FOUND (-16)   /* no such key, subscription, timer or record */

#define NOA_ERROR_TEXT_BYTES 240

/* Error text travels in storage that the caller brings.
 *
 * Text  UTF-8, terminated; the reader stops at the end of the array in any case. */
typedef struct noa_error {
    uint32_t struct_size; /* the caller's; not written by the other side */
    int32_t code;
    char text[NOA_ERROR_TEXT_BYTES];
} noa_error;

#endif
