#include "communication/peers.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

#ifdef HAVE_HIREDIS
#include <hiredis/hiredis.h>
#endif
#ifdef HAVE_MOSQUITTO
#include <mosquitto.h>
#endif
#ifdef HAVE_NATS
#include <nats/nats.h>
#endif

namespace noa::bench {

namespace {

#ifdef HAVE_HIREDIS
void load_redis(int port, const Load& load) {
    redisContext* connection = ::redisConnect("127.0.0.1", port);
    if (connection == nullptr || connection->err != 0) {
        throw std::runtime_error("redis: cannot connect");
    }
    const std::string body(load.bytes, 'x');
    unsigned sent = 0;
    for (unsigned answered = 0; answered < load.messages; ++answered) {
        for (; sent < load.messages && sent - answered < load.in_flight; ++sent) {
            ::redisAppendCommand(connection, "XADD s * b %b", body.data(), body.size());
        }
        void* reply = nullptr;
        if (::redisGetReply(connection, &reply) != REDIS_OK ||
            static_cast<redisReply*>(reply)->type == REDIS_REPLY_ERROR) {
            throw std::runtime_error("redis: refused");
        }
        ::freeReplyObject(reply);
    }
    ::redisFree(connection);
}
#endif

#ifdef HAVE_NATS
void must(natsStatus status) {
    if (status != NATS_OK) {
        throw std::runtime_error(std::string("nats: ") + ::natsStatus_GetText(status));
    }
}

void load_nats(const std::string& port, const Load& load) {
    natsConnection* connection = nullptr;
    jsCtx* stream = nullptr;
    must(::natsConnection_ConnectTo(&connection, ("nats://127.0.0.1:" + port).c_str()));
    jsOptions options;
    must(::jsOptions_Init(&options));
    options.PublishAsync.MaxPending = load.in_flight;
    must(::natsConnection_JetStream(&stream, connection, &options));
    jsStreamConfig config;
    must(::jsStreamConfig_Init(&config));
    const char* subjects[] = {"bench"};
    config.Name = "BENCH";
    config.Subjects = subjects;
    config.SubjectsLen = 1;
    config.Storage = js_FileStorage;
    must(::js_AddStream(nullptr, stream, &config, nullptr, nullptr));
    const std::string body(load.bytes, 'x');
    for (unsigned sent = 0; sent < load.messages; ++sent) {
        must(::js_PublishAsync(stream, "bench", body.data(), static_cast<int>(body.size()),
                               nullptr));
    }
    jsPubOptions wait;
    must(::jsPubOptions_Init(&wait));
    wait.MaxWait = 60'000;
    must(::js_PublishAsyncComplete(stream, &wait));
    ::jsCtx_Destroy(stream);
    ::natsConnection_Destroy(connection);
}
#endif

#ifdef HAVE_MOSQUITTO
struct Acknowledged {
    std::mutex mutex;
    std::condition_variable changed;
    unsigned count = 0;   // guarded by mutex
    bool reached = false; // guarded by mutex
};

void load_mosquitto(int port, const Load& load) {
    Acknowledged acknowledged;
    ::mosquitto_lib_init();
    mosquitto* client = ::mosquitto_new("noa-bench", true, &acknowledged);
    ::mosquitto_connect_callback_set(client, [](mosquitto*, void* of, int) {
        auto& told = *static_cast<Acknowledged*>(of);
        const std::lock_guard lock(told.mutex);
        told.reached = true;
        told.changed.notify_all();
    });
    ::mosquitto_publish_callback_set(client, [](mosquitto*, void* of, int) {
        auto& told = *static_cast<Acknowledged*>(of);
        const std::lock_guard lock(told.mutex);
        ++told.count;
        told.changed.notify_all();
    });
    ::mosquitto_max_inflight_messages_set(client, load.in_flight);
    if (::mosquitto_connect(client, "127.0.0.1", port, 60) != MOSQ_ERR_SUCCESS ||
        ::mosquitto_loop_start(client) != MOSQ_ERR_SUCCESS) {
        throw std::runtime_error("mosquitto: cannot connect");
    }
    const std::string body(load.bytes, 'x');
    std::unique_lock lock(acknowledged.mutex);
    acknowledged.changed.wait(lock, [&] { return acknowledged.reached; });
    for (unsigned sent = 0; sent < load.messages; ++sent) {
        acknowledged.changed.wait(lock, [&] { return sent - acknowledged.count < load.in_flight; });
        lock.unlock();
        if (::mosquitto_publish(client, nullptr, "bench", static_cast<int>(body.size()),
                                body.data(), 1, false) != MOSQ_ERR_SUCCESS) {
            throw std::runtime_error("mosquitto: refused");
        }
        lock.lock();
    }
    acknowledged.changed.wait(lock, [&] { return acknowledged.count == load.messages; });
    lock.unlock();
    ::mosquitto_disconnect(client);
    ::mosquitto_loop_stop(client, false);
    ::mosquitto_destroy(client);
}
#endif

} // namespace

void load_peer(const std::string& server, const std::string& port, const Load& load) {
#ifdef HAVE_HIREDIS
    if (server == "redis") {
        load_redis(std::stoi(port), load);
        return;
    }
#endif
#ifdef HAVE_NATS
    if (server == "nats") {
        load_nats(port, load);
        return;
    }
#endif
#ifdef HAVE_MOSQUITTO
    if (server == "mosquitto") {
        load_mosquitto(std::stoi(port), load);
        return;
    }
#endif
    throw std::runtime_error(server + ": its client was not there when this was built");
}

} // namespace noa::bench
