/* bare: the least that a plugin of 1.0 can be. echo answers with the body. */
#include <string.h>

#include "noa/plugin.h"

NOA_PLUGIN_NOTE(0);

struct noa_agent {
    const noa_host* host;
    noa_context context;
};

static struct noa_agent the_agent;

static noa_status create(const noa_host* host, noa_context context, noa_agent** ret_agent,
                         noa_error* error) {
    (void)error;
    the_agent.host = host;
    the_agent.context = context;
    *ret_agent = &the_agent;
    return NOA_OK;
}

static noa_status handle(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                         noa_error* error) {
    (void)error;
    if (message->subject.size != 4 || memcmp(message->subject.data, "echo", 4) != 0) {
        return NOA_E_UNSUPPORTED;
    }
    noa_outgoing reply = {.struct_size = sizeof reply, .body = message->body};
    return agent->host->reply(agent->context, delivery, &reply);
}

static void destroy(noa_agent* agent) {
    (void)agent;
}

NOA_PLUGIN_EXPORT const noa_plugin* noa_plugin_entry_v1(void) {
    /* The shortest table: it ends with the last mandatory member. */
    static const noa_plugin plugin = {
        .struct_size = offsetof(noa_plugin, destroy) + sizeof plugin.destroy,
        .abi_minor = NOA_ABI_MINOR,
        .id = "bare",
        .version = "1.0.0",
        .create = create,
        .handle = handle,
        .destroy = destroy,
    };
    return &plugin;
}
