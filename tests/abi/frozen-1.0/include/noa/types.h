/* Plain types that cross the boundary between host and plugin.
 *
 * Rules of the whole header family
 *   Growth      every struct but noa_str, noa_bytes, noa_id and noa_note starts with
 *               `struct_size`; members are only ever appended. Whoever fills a struct says how
 *               much of it there is. For a struct to be filled (`ret_*`) the caller first says
 *               how much room there is; whoever fills it keeps within that, and says how much
 *               it has filled. Read a member that is younger than 1.0 through NOA_HAS. What is
 *               shorter than in 1.0 is refused: NOA_E_INVALID.
 *   Numbers     are never changed or reused. Reserved members, and bits without a meaning, are
 *               0; a reader ignores what it does not know in them, and a plugin that cannot live
 *               with being ignored raises its min_host_minor. A host hands out no kind, priority
 *               or condition that is younger than the plugin's abi_minor; a status may be
 *               younger: every negative one is a failure.
 *   Types       fixed width only: no enum, bool, varargs, time_t or long.
 *   Memory      nothing allocated on one side is freed on the other. A view (noa_str,
 *               noa_bytes, a pointer to a struct) is valid until the call that received it
 *               returns, unless its comment says otherwise.
 *   Outputs     `ret_*` is untouched when the call fails, unless a comment says otherwise.
 *   Exceptions  never leave a function of either side.
 *
 * Tags: who may call a function, and when
 *   [any]       any thread, from create until destroy is called; in destroy the lane alone.
 *               Later calls are answered NOA_E_RETIRED.
 *   [lane]      only the generation's own thread, the one on which the host makes every
 *               call into the plugin. Elsewhere, and in another phase of life, NOA_E_STATE.
 *   & created   between create and destroy.
 *   & stopped   created, and before start or after quiesce.
 *   & running   between start and quiesce. */
#ifndef NOA_TYPES_H
#define NOA_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define NOA_BEGIN_DECLS extern "C" {
#define NOA_END_DECLS }
#define NOA_STATIC_ASSERT(condition, text) static_assert(condition, text)
#else
#define NOA_BEGIN_DECLS
#define NOA_END_DECLS
#define NOA_STATIC_ASSERT(condition, text) _Static_assert(condition, text)
#endif

/* True when the struct behind `pointer` is long enough to hold `member`. */
#define NOA_HAS(pointer, member)                                                                   \
    ((pointer)->struct_size >=                                                                     \
     (size_t)((const char*)&(pointer)->member - (const char*)(pointer)) +                          \
         sizeof((pointer)->member))

NOA_BEGIN_DECLS

/* UTF-8 text without a terminator; data may be NULL when size is 0. */
typedef struct noa_str {
    const char* data;
    uint64_t size;
} noa_str;

typedef struct noa_bytes {
    const void* data; /* may be NULL when size is 0 */
    uint64_t size;
} noa_bytes;

/* UUID version 7 (RFC 9562), in network byte order. */
typedef struct noa_id {
    uint8_t bytes[16];
} noa_id;

/* The right of one generation to talk to the host. A number, not a pointer: it can be kept
 * by a forgotten thread and used too late without harm. Like the two below never 0. */
typedef uint64_t noa_context;

/* A resolved agent name. Valid for the life of the host, whatever is loaded or unloaded. */
typedef uint64_t noa_address;

/* One delivery of one message to one generation, to be settled exactly once. */
typedef uint64_t noa_delivery;

/* Where a plugin writes text or bytes of any length; the host bounds the total and answers
 * NOA_E_TOO_LARGE beyond it. Valid until the call that received it returns.  [lane] */
typedef struct noa_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void* state;
    int32_t (*write)(const struct noa_sink* sink, const void* data, uint64_t size);
} noa_sink;

/* Where a plugin reads bytes that the host holds. Valid until the call that received it
 * returns.  [lane] */
typedef struct noa_source {
    uint32_t struct_size;
    uint32_t schema; /* number that `save` gave to these bytes */
    uint64_t size;   /* bytes in all */
    void* state;
    /* Copies up to `capacity` bytes to `buffer`; *ret_size is 0 at the end. */
    int32_t (*read)(const struct noa_source* source, void* buffer, uint64_t capacity,
                    uint64_t* ret_size);
} noa_source;

NOA_END_DECLS

#endif
