/* The version of this contract, and the note that carries it in a plugin's file.
 *
 * Compatible  a host loads a plugin of the same major whose `min_host_minor` is not above
 *             the host's minor. A released function, struct or meaning never changes; a new
 *             one is appended and raises the minor. */
#ifndef NOA_VERSION_H
#define NOA_VERSION_H

#include "noa/types.h"

#define NOA_ABI_MAJOR 1u
#define NOA_ABI_MINOR 0u

#define NOA_NOTE_OWNER "noa"
#define NOA_NOTE_TYPE 1u
#define NOA_NOTE_SECTION ".note.noa"

/* An ELF note (System V ABI, "Note Section"): read from the file before any code of it
 * runs. Fields are in the byte order of the machine. */
typedef struct noa_note {
    uint32_t owner_bytes; /* 4 */
    uint32_t field_bytes; /* of the numbers below: 16, more in a later minor */
    uint32_t type;        /* NOA_NOTE_TYPE */
    char owner[4];        /* "noa" and its terminator */
    uint32_t abi_major;
    uint32_t abi_minor;
    uint32_t min_host_minor; /* the oldest host minor that this plugin can live with */
    uint32_t flags;          /* 0 in 1.0 */
} noa_note;

/* Put once into a plugin, at file scope, before NOA_PLUGIN_ENTRY. */
#define NOA_PLUGIN_NOTE(oldest_host_minor)                                                         \
    __attribute__((section(NOA_NOTE_SECTION), used,                                                \
                   aligned(4))) static const struct noa_note noa_plugin_note = {                   \
        4u,                                                                                        \
        16u,                                                                                       \
        NOA_NOTE_TYPE,                                                                             \
        {'n', 'o', 'a', 0},                                                                        \
        NOA_ABI_MAJOR,                                                                             \
        NOA_ABI_MINOR,                                                                             \
        (oldest_host_minor),                                                                       \
        0u}

#endif
