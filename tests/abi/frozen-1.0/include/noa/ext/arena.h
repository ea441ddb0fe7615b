/* noa.arena/1: memory that is handed from generation to generation as it lies.
 *
 * For state that is too large to save and restore. One arena an agent; the host holds it (a memfd
 * sealed against shrinking) and never looks into it. It goes when the agent stops or the host
 * ends; what must outlast them belongs into a file.
 *
 * Content     offsets only: no pointer, no mutex, no address of code. The next generation maps
 *             it elsewhere and may be built from other sources; `layout` is how it tells.
 * Condition   what the opener finds: clean when whoever had it open last has closed it, dirty
 *             when not (a crash, a quiesce without close). What is dirty is discarded or written
 *             anew by whoever opens it, unless its format was made to survive that.
 * Start       may fail, and then the former generation takes up what it left: its content,
 *             layout and condition. So what is found clean is read-only until start has returned
 *             NOA_OK, where the same mapping becomes writable; what is found otherwise is
 *             writable at once, and forgotten when start fails.
 * Afterwards  once quiesce has returned NOA_OK, everything that this generation mapped is
 *             unmapped by the host, and its addresses are not used for anything else before
 *             destroy: a forgotten thread that still reads or writes there faults instead of
 *             corrupting its successor. A quiesce that fails leaves what is open as it is.
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
    uint32_t condition; /* NOA_ARENA_*, as open found it */
    void* base;         /* aligned to a page; until close, discard, grow or the end of quiesce */
    uint64_t size;      /* bytes, whole pages; never less than it was */
    uint64_t layout;    /* that the opener before gave; 0 when fresh */
    uint64_t epoch;     /* how often this memory was opened, this time included: 1 when fresh */
} noa_arena;

/* Errors  NOA_E_STATE outside start … quiesce, and as said; NOA_E_TOO_LARGE over the agent's
 *         limit; NOA_E_FAILED when the system has no memory to give. What fails changes nothing.
 * [lane] every function but release. */
typedef struct noa_arena_host {
    uint32_t struct_size;
    uint32_t reserved;
    /* Maps all of it, at least `size` bytes, new ones zeroes. From the moment that it is writable
     * `layout`, not 0, is what the next opener will be told, and it counts as dirty until close.
     * NOA_E_STATE when it is open. */
    noa_status (*open)(noa_context context, uint64_t layout, uint64_t size, noa_arena* ret_arena);
    /* Makes it at least `size` bytes, new ones zeroes; `base` may be another afterwards, the
     * other members of `*ret_arena` but `size` are as open told. NOA_E_STATE when it is not
     * open. */
    noa_status (*grow)(noa_context context, uint64_t size, noa_arena* ret_arena);
    /* Gives the memory of whole pages back; they read as zeroes from then on, and may be written
     * again. NOA_E_STATE when it is not open, or not writable yet; NOA_E_INVALID for what is not
     * whole pages inside. [any], but not beside another function of the arena, and no longer than
     * until quiesce returns: the agent sees to that. */
    noa_status (*release)(noa_context context, uint64_t offset, uint64_t size);
    /* Unmaps, and says that what lies there is whole: the next opener, be it this generation,
     * finds it clean. NOA_E_STATE when it is not open. */
    noa_status (*close)(noa_context context);
    /* Unmaps and forgets the memory, open or not: the next open finds a fresh one. In start the
     * host forgets what the former generation left only when start has returned NOA_OK. */
    noa_status (*discard)(noa_context context);
} noa_arena_host;

NOA_END_DECLS

#endif
