/* The smallest plugin there can be; built by outside_build.py, away from this tree. */
#include "noa/noa.h"

NOA_PLUGIN_NOTE(0);

static noa_status create(const noa_host* host, noa_context context, noa_agent** ret_agent,
                         noa_error* error) {
    static char object;
    (void)host;
    (void)context;
    (void)error;
    *ret_agent = (noa_agent*)(void*)&object;
    return NOA_OK;
}

static noa_status handle(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                         noa_error* error) {
    (void)agent;
    (void)message;
    (void)delivery;
    (void)error;
    return NOA_E_UNSUPPORTED;
}

static void destroy(noa_agent* agent) {
    (void)agent;
}

/* Would be a second export if the flags were not those of noa-plugin.pc. */
int not_exported(void);
int not_exported(void) {
    return 1;
}

NOA_PLUGIN_EXPORT const noa_plugin* noa_plugin_entry_v1(void) {
    static const noa_plugin plugin = {
        .struct_size = sizeof plugin,
        .abi_minor = NOA_ABI_MINOR,
        .id = "outside",
        .version = "1.0.0",
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return &plugin;
}
