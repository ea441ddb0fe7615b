/* my-agent: `echo` answers with the body that it was sent, `count` with how often. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <noa/noa.h>

#define STATE_SCHEMA 1u

NOA_PLUGIN_NOTE(0);

struct noa_agent {
    const noa_host* host;
    noa_context context;
    uint64_t echoed;
};

static noa_status refuse(noa_error* error, noa_status status, const char* why) {
    error->code = status;
    snprintf(error->text, sizeof error->text, "%s", why);
    return status;
}

static noa_status create(const noa_host* host, noa_context context, noa_agent** ret_agent,
                         noa_error* error) {
    noa_agent* agent = calloc(1, sizeof *agent);
    if (agent == NULL) {
        return refuse(error, NOA_E_INTERNAL, "out of memory");
    }
    agent->host = host;
    agent->context = context;
    *ret_agent = agent;
    return NOA_OK;
}

static int is(noa_str text, const char* word) {
    return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static noa_status echo(noa_agent* agent, const noa_message* message, noa_delivery delivery) {
    ++agent->echoed;
    const noa_outgoing reply = {
        .struct_size = sizeof reply, .content_type = message->content_type, .body = message->body};
    return agent->host->reply(agent->context, delivery, &reply);
}

static noa_status count(noa_agent* agent, noa_delivery delivery) {
    static const char json[] = "application/json";
    char body[48];
    const int size = snprintf(body, sizeof body, "{\"echoed\":%" PRIu64 "}", agent->echoed);
    const noa_outgoing reply = {.struct_size = sizeof reply,
                                .content_type = {json, sizeof json - 1},
                                .body = {body, (uint64_t)size}};
    return agent->host->reply(agent->context, delivery, &reply);
}

static noa_status handle(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                         noa_error* error) {
    if (is(message->subject, "echo")) {
        return echo(agent, message, delivery);
    }
    if (is(message->subject, "count")) {
        return count(agent, delivery);
    }
    return refuse(error, NOA_E_UNSUPPORTED, "unknown operation");
}

static noa_status save(noa_agent* agent, const noa_sink* sink, noa_error* error) {
    (void)error;
    return sink->write(sink, &agent->echoed, sizeof agent->echoed);
}

static noa_status restore(noa_agent* agent, const noa_source* source, noa_error* error) {
    uint64_t echoed = 0;
    uint64_t got = 0;
    if (source->schema != STATE_SCHEMA || source->size != sizeof echoed ||
        source->read(source, &echoed, sizeof echoed, &got) != NOA_OK || got != sizeof echoed) {
        return refuse(error, NOA_E_UNSUPPORTED, "the state is not one of schema 1");
    }
    agent->echoed = echoed;
    return NOA_OK;
}

static void destroy(noa_agent* agent) {
    free(agent);
}

static const noa_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_minor = NOA_ABI_MINOR,
    .id = "my-agent",
    .version = "0.1.0",
    .description = "Says what it was told",
    .settings_schema = "{\"type\": \"object\", \"additionalProperties\": false}",
    .state_schema = STATE_SCHEMA,
    .oldest_state_schema = STATE_SCHEMA,
    .create = create,
    .handle = handle,
    .save = save,
    .restore = restore,
    .destroy = destroy,
};

const noa_plugin* noa_plugin_entry_v1(void) {
    return &plugin;
}
