/* every: a plugin that uses every contract, against the bare header, built for ever against the
 * header of 1.0 and, as "later", against one that is ahead of this host.
 *
 * echo    the body behind the configured prefix, written in place
 * count   {"handled","restored","notes","events","reconfigured","confirmed"}; the first two saved
 * facts   {"name","generation","run"}
 * later   deferred; the timer answers with the kept message
 * wake    deferred; on_wake answers
 * ask     deferred; asks the agent named in the body for "echo", passes the answer on
 * tell    sends itself a note alone and two in a batch, publishes every.told
 * retry   NOA_E_RETRY on the first attempt; then the number of this one
 * fail    an error with a text
 * store   writes a file into the state directory and reads it back
 * port    where it listens; a connection is echoed, and lives on through reloads
 * offers  the contracts that the host has
 * younger what it finds of members that are younger than the host: all 0 on an older host */
#include "every.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef MIN_HOST_MINOR
#define MIN_HOST_MINOR 0
#endif
#ifndef ID
#define ID "every"
#endif
NOA_PLUGIN_NOTE(MIN_HOST_MINOR);

static noa_status create(const noa_host* host, noa_context context, noa_agent** ret_agent,
                         noa_error* error) {
    noa_agent* agent = (noa_agent*)calloc(1, sizeof *agent);
    if (agent == NULL) {
        return refuse(error, NOA_E_INTERNAL, "no memory");
    }
    agent->host = host;
    agent->context = context;
    agent->timer = (const noa_timer_host*)host->extension(context, NOA_TIMER_ID);
    agent->storage = (const noa_storage_host*)host->extension(context, NOA_STORAGE_ID);
    agent->self = (const noa_agent_host*)host->extension(context, NOA_AGENT_ID);
    agent->listener = (const noa_listener_host*)host->extension(context, NOA_LISTENER_ID);
    agent->listening = -1;
    *ret_agent = agent;
    return host->subscribe(context, text_of("every.>"));
}

static void destroy(noa_agent* agent) {
    free(agent);
}

/* {"prefix": TEXT} without escapes. */
static noa_status configure(noa_agent* agent, noa_str settings, uint32_t commit, noa_error* error) {
    static const char key[] = "\"prefix\"";
    char prefix[sizeof agent->prefix] = "";
    const char* at = find(settings, key);
    if (at != NULL) {
        const char* end = settings.data + settings.size;
        for (at += sizeof key - 1; at < end && *at != '"'; ++at) {}
        size_t size = 0;
        for (++at; at < end && *at != '"'; ++at) {
            if (size + 1 == sizeof prefix) {
                return refuse(error, NOA_E_INVALID, "prefix: too long");
            }
            prefix[size++] = *at;
        }
    }
    if (commit != 0) {
        memcpy(agent->prefix, prefix, sizeof prefix);
    }
    return NOA_OK;
}

/* While it runs the prefix may change, but not become empty. */
static noa_status reconfigure(noa_agent* agent, noa_str settings, uint32_t commit,
                              noa_error* error) {
    char before[sizeof agent->prefix];
    memcpy(before, agent->prefix, sizeof before);
    noa_status status = configure(agent, settings, 1, error);
    if (status == NOA_OK && agent->prefix[0] == 0) {
        status = refuse(error, NOA_E_UNSUPPORTED, "without a prefix a new generation is needed");
    }
    if (status != NOA_OK || commit == 0) {
        memcpy(agent->prefix, before, sizeof before);
    }
    agent->reconfigured += status == NOA_OK && commit != 0;
    return status;
}

static noa_status start(noa_agent* agent, noa_error* error) {
    return agent->listener != NULL ? open_sockets(agent, error) : NOA_OK;
}

static noa_status quiesce(noa_agent* agent, int64_t deadline_ns, noa_error* error) {
    (void)error;
    if (agent->host->now_ns(agent->context) > deadline_ns) {
        log_text(agent, NOA_LOG_WARNING, "every.late", "the deadline had passed before");
    }
    agent->pending = 0; /* taken back, and delivered to the next generation */
    release(agent);
    keep_sockets(agent);
    return NOA_OK;
}

static noa_status echo(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                       noa_error* error) {
    const size_t prefix = strlen(agent->prefix);
    noa_buffer buffer = {.struct_size = sizeof buffer};
    noa_status status =
        agent->host->msg_alloc(agent->context, prefix + message->body.size, &buffer);
    if (status != NOA_OK) {
        return refuse(error, status, "no room for the answer");
    }
    memcpy(buffer.data, agent->prefix, prefix);
    if (message->body.size > 0) {
        memcpy((char*)buffer.data + prefix, message->body.data, message->body.size);
    }
    noa_outgoing answer = {.struct_size = sizeof answer,
                           .content_type = message->content_type,
                           .buffer = &buffer,
                           .buffer_used = prefix + message->body.size};
    status = agent->host->reply(agent->context, delivery, &answer);
    if (status != NOA_OK) {
        agent->host->msg_free(agent->context, &buffer);
    }
    ++agent->state.handled;
    return status;
}

static noa_status count(noa_agent* agent, noa_delivery delivery) {
    char text[256];
    snprintf(text, sizeof text,
             "{\"handled\":%llu,\"restored\":%llu,\"notes\":%u,\"events\":%u,"
             "\"reconfigured\":%u,\"confirmed\":%u}",
             (unsigned long long)agent->state.handled, (unsigned long long)agent->state.restored,
             agent->notes, agent->events, agent->reconfigured, agent->confirmed);
    return reply_text(agent, delivery, text);
}

static noa_status facts(noa_agent* agent, noa_delivery delivery, noa_error* error) {
    noa_agent_facts facts = {.struct_size = sizeof facts};
    if (agent->self == NULL || agent->self->facts(agent->context, &facts) != NOA_OK) {
        return refuse(error, NOA_E_UNSUPPORTED, "the host does not say");
    }
    char text[256];
    snprintf(text, sizeof text, "{\"name\":\"%.*s\",\"generation\":%llu,\"run\":%u}",
             (int)facts.name.size, facts.name.data, (unsigned long long)facts.generation,
             facts.run);
    return reply_text(agent, delivery, text);
}

static noa_status later(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                        noa_error* error) {
    if (agent->pending != 0 || agent->timer == NULL) {
        return refuse(error, NOA_E_BUSY, "one at a time");
    }
    noa_status status = agent->host->retain(agent->context, message, &agent->kept);
    if (status == NOA_OK) {
        status = agent->timer->arm(agent->context, 7, 1000000, 0);
    }
    if (status != NOA_OK) {
        return refuse(error, status, "later");
    }
    agent->pending = delivery;
    return NOA_DEFERRED;
}

static void on_timer(noa_agent* agent, uint64_t tag) {
    if (tag == 7 && agent->kept != NULL) {
        noa_outgoing answer = {.struct_size = sizeof answer, .body = agent->kept->body};
        agent->host->reply(agent->context, agent->pending, &answer);
        agent->pending = 0;
        release(agent);
    }
}

static noa_status ask(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                      noa_error* error) {
    noa_address to = 0;
    noa_str name = {(const char*)message->body.data, message->body.size};
    noa_status status = agent->host->resolve(agent->context, name, &to);
    noa_receipt receipt = {.struct_size = sizeof receipt};
    noa_outgoing question = {.struct_size = sizeof question,
                             .priority = NOA_PRIORITY_HIGH,
                             .to = to,
                             .subject = text_of("echo"),
                             .body = {"asked", 5}};
    if (status == NOA_OK) {
        status = agent->host->request(agent->context, &question, delivery, &receipt);
    }
    return status == NOA_OK ? NOA_DEFERRED : refuse(error, status, "ask");
}

/* The tag is the delivery that waits for it. */
static void on_reply(noa_agent* agent, uint64_t tag, noa_status status,
                     const noa_message* message) {
    if (status == NOA_OK && message != NULL) {
        noa_outgoing answer = {.struct_size = sizeof answer, .body = message->body};
        agent->host->reply(agent->context, tag, &answer);
    } else {
        agent->host->settle(agent->context, tag, status, text_of("asked in vain"), 0);
    }
}

static void on_wake(noa_agent* agent, uint64_t tag) {
    if (agent->host->on_lane(agent->context) == 1) {
        reply_text(agent, tag, "awake");
    }
}

static noa_status tell(noa_agent* agent, noa_delivery delivery, noa_error* error) {
    noa_outgoing notes[2] = {
        {.struct_size = sizeof notes[0], .to_name = text_of(ID), .subject = text_of("note")},
        {.struct_size = sizeof notes[1], .to_name = text_of(ID), .subject = text_of("note")}};
    noa_outgoing event = {.struct_size = sizeof event, .subject = text_of("every.told")};
    noa_receipt receipt = {.struct_size = sizeof receipt};
    noa_status status = agent->host->send(agent->context, &notes[0], &receipt);
    if (status == NOA_OK) {
        status = agent->host->send_many(agent->context, notes, sizeof notes[0], 2, &receipt);
    }
    if (status == NOA_OK && receipt.accepted != 2) {
        status = NOA_E_INTERNAL;
    }
    if (status == NOA_OK) {
        status = agent->host->publish(agent->context, &event, &receipt);
    }
    return status == NOA_OK ? reply_text(agent, delivery, "told") : refuse(error, status, "tell");
}

static noa_status handle(noa_agent* agent, const noa_message* message, noa_delivery delivery,
                         noa_error* error) {
    if (message->kind == NOA_MESSAGE_EVENT) {
        ++agent->events;
        return NOA_OK;
    }
    if (is(message->subject, "note")) {
        agent->notes += (message->flags & NOA_MESSAGE_NO_REPLY) != 0;
        return NOA_OK;
    }
    if (is(message->subject, "echo")) {
        return echo(agent, message, delivery, error);
    }
    if (is(message->subject, "count")) {
        return count(agent, delivery);
    }
    if (is(message->subject, "facts")) {
        return facts(agent, delivery, error);
    }
    if (is(message->subject, "later")) {
        return later(agent, message, delivery, error);
    }
    if (is(message->subject, "wake")) {
        return agent->host->wake(agent->context, delivery) == NOA_OK ? NOA_DEFERRED : NOA_E_BUSY;
    }
    if (is(message->subject, "ask")) {
        return ask(agent, message, delivery, error);
    }
    if (is(message->subject, "tell")) {
        return tell(agent, delivery, error);
    }
    if (is(message->subject, "retry")) {
        return message->attempt == 1 ? NOA_E_RETRY
                                     : reply_number(agent, delivery, message->attempt);
    }
    if (is(message->subject, "store")) {
        return store(agent, delivery, error);
    }
    if (is(message->subject, "port")) {
        return reply_number(agent, delivery, port_of(agent));
    }
    if (is(message->subject, "offers")) {
        return offers(agent, delivery);
    }
    if (is(message->subject, "younger")) {
        return younger(agent, message, delivery);
    }
    return is(message->subject, "fail") ? refuse(error, NOA_E_FAILED, "as it should")
                                        : refuse(error, NOA_E_UNSUPPORTED, "no such operation");
}

static noa_status save(noa_agent* agent, const noa_sink* sink, noa_error* error) {
    (void)error;
    return sink->write(sink, &agent->state, sizeof agent->state);
}

static noa_status restore(noa_agent* agent, const noa_source* source, noa_error* error) {
    uint64_t got = 0;
    if (source->schema != 1 || source->size != sizeof agent->state ||
        source->read(source, &agent->state, sizeof agent->state, &got) != NOA_OK ||
        got != sizeof agent->state) {
        return refuse(error, NOA_E_UNSUPPORTED, "state: not one of schema 1");
    }
    ++agent->state.restored;
    return NOA_OK;
}

static void confirm(noa_agent* agent) {
    ++agent->confirmed;
}

static noa_status health(noa_agent* agent, const noa_sink* sink, noa_error* error) {
    (void)agent, (void)error;
    return write_text(sink, "{\"status\":\"healthy\",\"checks\":[{\"name\":\"frozen\","
                            "\"status\":\"healthy\",\"critical\":false,\"text\":\"cold\"}]}");
}
static noa_status metrics(noa_agent* agent, const noa_sink* sink, noa_error* error) {
    (void)agent, (void)error;
    return write_text(sink, "{\"frozen\":{\"type\":\"gauge\",\"value\":1,\"help\":\"cold\"}}");
}
static noa_status describe(noa_agent* agent, const noa_sink* sink, noa_error* error) {
    (void)agent, (void)error;
    return write_text(sink, "{\"capabilities\":[\"frozen\"],\"operations\":{\"echo\":{"
                            "\"summary\":\"the body back\"}},\"events\":{}}");
}

static const void* extension(const char* id) {
    static const noa_inspect_plugin inspect = {
        .struct_size = sizeof inspect, .health = health, .metrics = metrics, .describe = describe};
    static const noa_timer_plugin timer = {.struct_size = sizeof timer, .on_timer = on_timer};
    static const noa_listener_plugin sockets = {.struct_size = sizeof sockets,
                                                .on_ready = on_ready};
    static const noa_reconfigure_plugin settings = {.struct_size = sizeof settings,
                                                    .reconfigure = reconfigure};
    return strcmp(id, NOA_INSPECT_ID) == 0       ? (const void*)&inspect
           : strcmp(id, NOA_TIMER_ID) == 0       ? (const void*)&timer
           : strcmp(id, NOA_LISTENER_ID) == 0    ? (const void*)&sockets
           : strcmp(id, NOA_RECONFIGURE_ID) == 0 ? (const void*)&settings
                                                 : NULL;
}

NOA_PLUGIN_EXPORT const noa_plugin* noa_plugin_entry_v1(void) {
    static const noa_plugin plugin = {
        .struct_size = sizeof plugin,
        .abi_minor = NOA_ABI_MINOR,
        .id = ID,
        .version = "1.0.0",
        .description = "Uses every contract",
        .settings_schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":"
                           "{\"prefix\":{\"type\":\"string\"}}}",
        .state_schema = 1,
        .oldest_state_schema = 1,
        .create = create,
        .configure = configure,
        .start = start,
        .handle = handle,
        .on_reply = on_reply,
        .on_wake = on_wake,
        .quiesce = quiesce,
        .save = save,
        .restore = restore,
        .confirm = confirm,
        .destroy = destroy,
        .extension = extension,
#ifdef LATER
        .younger = 0x5a5a5a5a5a5a5a5au,
#endif
    };
    return &plugin;
}
