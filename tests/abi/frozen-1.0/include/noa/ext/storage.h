/* noa.storage/1: the agent's own directory.
 *
 * Lease  from start until quiesce, or the destroy after a start that failed, has returned: this
 *        generation alone may open what is in it. A quiesce that fails ends nothing. */
#ifndef NOA_EXT_STORAGE_H
#define NOA_EXT_STORAGE_H

#include "noa/host.h"

#define NOA_STORAGE_ID "noa.storage/1"

NOA_BEGIN_DECLS

typedef struct noa_storage_host {
    uint32_t struct_size;
    uint32_t reserved;
    /* The absolute path, without a last slash; made (mode 0700) on first use. The text lives
     * as long as the generation. NOA_E_STATE outside the lease.  [lane] */
    noa_status (*state_dir)(noa_context context, noa_str* ret_path);
} noa_storage_host;

NOA_END_DECLS

#endif
