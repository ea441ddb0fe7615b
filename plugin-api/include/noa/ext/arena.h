/* noa.arena/1: memory that is handed from generation to generation as it lies.
 *
 * For state that is too large to save and restore. The host holds it (a memfd sealed against
 * shrinking) and never looks into it; it goes when the agent stops or the host ends.
 *
 * Content     offsets only: no pointer, no mutex, no address of code. The next generation maps
 *             it elsewhere and may be built from other sources; `layout` is how it tells.
 * Condition   clean only when the generation before closed it in quiesce. After anything else
 *             (a crash, a failed quiesce) it is dirty: whoever opens it discards what is in it,
 *             unless its format was made to survive that.
 * Afterwards  what a generation mapped becomes unreadable once its quiesce has returned: a
 *             forgotten thread that still writes faults instead of corrupting its successor.
 *
 * A host that has no arenas yet answers NULL to extension("noa.arena/1"). */
#ifndef NOA_EXT_ARENA_H
#define NOA_EXT_ARENA_H

#include "noa/host.h"

#define NOA_ARENA_ID "noa.arena/1"

#define NOA_ARENA_FRESH 1u /* zeroes: nobody has had it before */
#define NOA_ARENA_CLEAN 2u
#define NOA_ARENA_DIRTY 3u

NOA_BEGIN_DECLS

typedef struct noa_arena {
    uint32_t struct_size;
    uint32_t condition; /* NOA_ARENA_*, as found */
    void* base;         /* aligned to a page; until close, discard or grow */
    uint64_t size;      /* bytes, whole pages */
    uint64_t layout;    /* that the former generation gave; 0 when fresh */
    uint64_t epoch;     /* opens of this memory, this one included */
} noa_arena;

/* One arena an agent. NOA_E_STATE outside start … quiesce.  [lane] */
typedef struct noa_arena_host {
    uint32_t struct_size;
    uint32_t reserved;
    /* Maps at least `size` bytes; `layout` is what the next generation will be told. Dirty from
     * here until close. NOA_E_TOO_LARGE over the agent's limit. */
    noa_status (*open)(noa_context context, uint64_t layout, uint64_t size, noa_arena* ret_arena);
    /* Makes it at least `size` bytes; `base` may be another afterwards. */
    noa_status (*grow)(noa_context context, uint64_t size, noa_arena* ret_arena);
    /* Gives the memory of whole pages back; they read as zeroes from then on. */
    noa_status (*release)(noa_context context, uint64_t offset, uint64_t size);
    /* Unmaps, and says that what lies there is whole. */
    noa_status (*close)(noa_context context);
    /* Forgets the memory: the next open finds a fresh one. */
    noa_status (*discard)(noa_context context);
} noa_arena_host;

NOA_END_DECLS

#endif
