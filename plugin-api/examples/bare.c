#include <stdlib.h>
#include <string.h>

#include <noa/noa.h>

NOA_PLUGIN_NOTE(0);

struct noa_agent {
    const noa_host* host;
    noa_context context;
};

static noa_status create(const noa_host* host, noa_context context, noa_agent** ret_agent,
                         noa_error* error) {
    (void)error;
    noa_agent* agent = malloc(sizeof *agent);
    if (agent == NULL) {
        return NOA_E_INTERNAL;
    }
    agent->host = host;
    agent->context = context;
    *ret_agent = agent;
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
    free(agent);
}

static const noa_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = NOA_ABI_MINOR,
    .id = "bare",
    .version = "1.0.0",
    .create = create,
    .handle = handle,
    .destroy = destroy,
};

const noa_plugin* noa_plugin_entry_v1(void) {
    return &plugin;
}
