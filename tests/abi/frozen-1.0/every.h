/* What every.c works with: its object, small texts, its sockets. */
#ifndef EVERY_H
#define EVERY_H

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "noa/noa.h"

#define CONNECTIONS 8

struct noa_agent {
    const noa_host* host;
    noa_context context;
    const noa_timer_host* timer; /* each NULL when the host does not offer it */
    const noa_storage_host* storage;
    const noa_agent_host* self;
    const noa_listener_host* listener;
    char prefix[64];
    struct { /* saved */
        uint64_t handled;
        uint64_t restored;
    } state;
    unsigned notes;
    unsigned events;
    unsigned reconfigured;
    unsigned confirmed;
    noa_delivery pending;
    const noa_message* kept;
    int32_t listening;
    int32_t connections[CONNECTIONS]; /* 0: none */
};

static noa_str text_of(const char* text) {
    noa_str view = {text, strlen(text)};
    return view;
}

static int is(noa_str text, const char* name) {
    return text.size == strlen(name) && memcmp(text.data, name, text.size) == 0;
}

static const char* find(noa_str text, const char* wanted) {
    const uint64_t size = strlen(wanted);
    for (uint64_t at = 0; at + size <= text.size; ++at) {
        if (memcmp(text.data + at, wanted, size) == 0) {
            return text.data + at;
        }
    }
    return NULL;
}

static noa_status refuse(noa_error* error, noa_status code, const char* text) {
    snprintf(error->text, sizeof error->text, "%s", text);
    error->code = code;
    return code;
}

static noa_status write_text(const noa_sink* sink, const char* text) {
    return sink->write(sink, text, strlen(text));
}

static void log_text(noa_agent* agent, uint32_t level, const char* event, const char* text) {
    agent->host->log(agent->context, level, text_of(event), text_of(text));
}

static noa_status reply_text(noa_agent* agent, noa_delivery delivery, const char* text) {
    noa_outgoing answer = {.struct_size = sizeof answer,
                           .content_type = text_of("application/json"),
                           .body = {text, strlen(text)}};
    return agent->host->reply(agent->context, delivery, &answer);
}

static noa_status reply_number(noa_agent* agent, noa_delivery delivery, unsigned number) {
    char text[16];
    snprintf(text, sizeof text, "%u", number);
    return reply_text(agent, delivery, text);
}

static noa_status offers(noa_agent* agent, noa_delivery delivery) {
    static const char* const ids[] = {NOA_AGENT_ID, NOA_ARENA_ID, NOA_LISTENER_ID, NOA_STORAGE_ID,
                                      NOA_TIMER_ID};
    char text[256] = "[";
    for (size_t at = 0; at < sizeof ids / sizeof ids[0]; ++at) {
        if (agent->host->extension(agent->context, ids[at]) != NULL) {
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s\"%s\"",
                     text[1] == 0 ? "" : ",", ids[at]);
        }
    }
    snprintf(text + strlen(text), sizeof text - strlen(text), "]");
    return reply_text(agent, delivery, text);
}

static void release(noa_agent* agent) {
    if (agent->kept != NULL) {
        agent->host->release(agent->context, agent->kept);
        agent->kept = NULL;
    }
}

static noa_status store(noa_agent* agent, noa_delivery delivery, noa_error* error) {
    noa_str directory;
    char path[512];
    char text[16] = "";
    if (agent->storage == NULL || agent->storage->state_dir(agent->context, &directory) != NOA_OK) {
        return refuse(error, NOA_E_UNSUPPORTED, "no state directory");
    }
    snprintf(path, sizeof path, "%.*s/stored", (int)directory.size, directory.data);
    FILE* file = fopen(path, "w+");
    const int done = file != NULL && fputs("stored", file) >= 0 && fseek(file, 0, SEEK_SET) == 0 &&
                     fgets(text, sizeof text, file) != NULL;
    if (file != NULL) {
        fclose(file);
    }
    return done ? reply_text(agent, delivery, text) : refuse(error, NOA_E_FAILED, "store");
}

static int add_connection(noa_agent* agent, int32_t fd) {
    for (int at = 0; at < CONNECTIONS; ++at) {
        if (agent->connections[at] == 0) {
            agent->connections[at] = fd;
            return agent->listener->watch(agent->context, fd, NOA_READY_READ, (uint64_t)fd) ==
                   NOA_OK;
        }
    }
    close(fd);
    return 0;
}

static noa_status open_sockets(noa_agent* agent, noa_error* error) {
    int32_t fd = -1;
    noa_bytes state;
    while (agent->listener->take(agent->context, &fd, &state) == NOA_OK) {
        if (state.size != 4 || memcmp(state.data, "kept", 4) != 0 || !add_connection(agent, fd)) {
            return refuse(error, NOA_E_FAILED, "a kept connection is not as it was kept");
        }
    }
    const noa_listen_options options = {.struct_size = sizeof options, .backlog = 16};
    noa_status status = agent->listener->listen(agent->context, text_of("tcp:127.0.0.1:0"),
                                                &options, &agent->listening, error);
    if (status == NOA_OK) {
        status = agent->listener->watch(agent->context, agent->listening, NOA_READY_READ,
                                        (uint64_t)agent->listening);
    }
    return status;
}

static void keep_sockets(noa_agent* agent) {
    static const noa_bytes state = {"kept", 4};
    for (int at = 0; at < CONNECTIONS; ++at) {
        const int32_t fd = agent->connections[at];
        if (fd != 0 && agent->listener->keep(agent->context, fd, state) != NOA_OK) {
            close(fd);
        }
        agent->connections[at] = 0;
    }
}

static void on_ready(noa_agent* agent, uint64_t tag, uint32_t events) {
    const int32_t fd = (int32_t)tag;
    char bytes[256];
    if (fd == agent->listening) {
        const int accepted = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (accepted >= 0) {
            add_connection(agent, accepted);
        }
    } else {
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got <= 0 || (events & NOA_READY_READ) == 0 ||
            send(fd, bytes, (size_t)got, MSG_NOSIGNAL) != got) {
            for (int at = 0; at < CONNECTIONS; ++at) {
                agent->connections[at] = agent->connections[at] == fd ? 0 : agent->connections[at];
            }
            agent->listener->unwatch(agent->context, fd);
            close(fd);
            return;
        }
    }
    agent->listener->watch(agent->context, fd, NOA_READY_READ, tag);
}

/* 0 when it does not listen. */
static unsigned port_of(const noa_agent* agent) {
    struct sockaddr_in where;
    socklen_t size = sizeof where;
    memset(&where, 0, sizeof where);
    return agent->listening >= 0 &&
                   getsockname(agent->listening, (struct sockaddr*)(void*)&where, &size) == 0
               ? ntohs(where.sin_port)
               : 0;
}

/* What the host fills of structs that end in a member which only the later header knows. */
static noa_status younger(noa_agent* agent, const noa_message* message, noa_delivery delivery) {
    char text[160];
    int found[5] = {0, 0, 0, 0, 0};
    (void)message;
#ifdef LATER
    noa_receipt receipt = {.struct_size = sizeof receipt};
    noa_outgoing note = {.struct_size = sizeof note,
                         .to_name = message->to,
                         .subject = text_of("note"),
                         .younger = 0x5a5a5a5a5a5a5a5au};
    noa_buffer buffer = {.struct_size = sizeof buffer};
    noa_agent_facts facts = {.struct_size = sizeof facts};
    if (agent->host->send(agent->context, &note, &receipt) != NOA_OK ||
        agent->host->msg_alloc(agent->context, 1, &buffer) != NOA_OK ||
        agent->host->msg_free(agent->context, &buffer) != NOA_OK) {
        return NOA_E_INTERNAL;
    }
    if (agent->self != NULL && agent->self->facts(agent->context, &facts) != NOA_OK) {
        return NOA_E_INTERNAL;
    }
    found[0] = NOA_HAS(agent->host, younger) != 0;
    found[1] = NOA_HAS(message, younger) != 0;
    found[2] = NOA_HAS(&receipt, younger) != 0;
    found[3] = NOA_HAS(&buffer, younger) != 0;
    found[4] = agent->self != NULL && NOA_HAS(&facts, younger);
#endif
    snprintf(text, sizeof text,
             "{\"minor\":%u,\"host\":%d,\"message\":%d,\"receipt\":%d,\"buffer\":%d,\"facts\":%d}",
             NOA_ABI_MINOR, found[0], found[1], found[2], found[3], found[4]);
    return reply_text(agent, delivery, text);
}

#endif
