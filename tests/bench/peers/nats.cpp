#include "peers/connection.hpp"

#ifdef HAVE_NATS
#include <nats/nats.h>
#endif

namespace noa::bench {

Result<Broker> start_nats(const Context& context) {
    auto program = find_program("nats-server");
    auto port = free_port();
    if (!program || !port) {
        return tl::unexpected(program ? port.error() : program.error());
    }
    Command command;
    command.argv = {program->string(), "-a", "127.0.0.1", "-p", std::to_string(*port)};
    command.output = context.scratch / "nats-server.log";
    auto server = Child::spawn(command);
    if (!server) {
        return tl::unexpected(server.error());
    }
    if (auto listening = wait_tcp(*server, *port); !listening) {
        return tl::unexpected(listening.error());
    }
    return Broker{std::move(*server), "nats://127.0.0.1:" + std::to_string(*port)};
}

#ifdef HAVE_NATS

namespace {

Failure nats_failure(const char* attempt, natsStatus status) {
    return fail(Errc::system, attempt, "nats-server", ::natsStatus_GetText(status));
}

class NatsConnection : public Connection {
public:
    NatsConnection() = default;
    NatsConnection(const NatsConnection&) = delete;
    NatsConnection& operator=(const NatsConnection&) = delete;
    ~NatsConnection() override {
        // Ends the reading thread: in 3.4.1 it may touch a subscription that is being destroyed.
        ::natsConnection_Close(connection_);
        ::natsSubscription_Destroy(subscription_);
        ::natsConnection_Destroy(connection_);
        ::natsOptions_Destroy(options_);
    }

    Result<void> open(const std::string& address, bool send_asap) {
        auto status = ::natsOptions_Create(&options_);
        if (status == NATS_OK) {
            status = ::natsOptions_SetURL(options_, address.c_str());
        }
        if (status == NATS_OK) {
            status = ::natsOptions_SetSendAsap(options_, send_asap);
        }
        if (status == NATS_OK) {
            status = ::natsConnection_Connect(&connection_, options_);
        }
        return status == NATS_OK ? Result<void>{} : Result<void>(nats_failure("connect", status));
    }

    Result<void> subscribe(const std::string& topic) override {
        auto status = ::natsConnection_SubscribeSync(&subscription_, connection_, topic.c_str());
        if (status == NATS_OK) {
            status = ::natsSubscription_SetPendingLimits(subscription_, -1, -1);
        }
        if (status == NATS_OK) {
            status = ::natsConnection_Flush(connection_);
        }
        return status == NATS_OK ? Result<void>{} : Result<void>(nats_failure("subscribe", status));
    }

    Result<void> publish(const std::string& topic, unsigned count) override {
        for (unsigned i = 0; i < count; ++i) {
            const auto status = ::natsConnection_Publish(connection_, topic.c_str(), body_.data(),
                                                         static_cast<int>(body_.size()));
            if (status != NATS_OK) {
                return nats_failure("publish", status);
            }
        }
        return {};
    }

    Result<unsigned> receive(std::chrono::milliseconds timeout) override {
        natsMsg* message = nullptr;
        const auto status = ::natsSubscription_NextMsg(&message, subscription_, timeout.count());
        if (status == NATS_TIMEOUT) {
            return 0U;
        }
        if (status != NATS_OK) {
            return nats_failure("receive", status);
        }
        ::natsMsg_Destroy(message);
        return 1U;
    }

private:
    natsOptions* options_ = nullptr;
    natsConnection* connection_ = nullptr;
    natsSubscription* subscription_ = nullptr;
    const std::string body_ = std::string(64, 'x');
};

Result<std::unique_ptr<Connection>> connect(const std::string& address, bool send_asap) {
    auto connection = std::make_unique<NatsConnection>();
    if (auto opened = connection->open(address, send_asap); !opened) {
        return tl::unexpected(opened.error());
    }
    return std::unique_ptr<Connection>(std::move(connection));
}

} // namespace

Result<std::unique_ptr<Connection>> connect_nats(const std::string& address) {
    return connect(address, true);
}

Result<std::unique_ptr<Connection>> connect_nats_flusher(const std::string& address) {
    return connect(address, false);
}

#else

Result<std::unique_ptr<Connection>> connect_nats(const std::string& /*address*/) {
    return built_without("libnats");
}

Result<std::unique_ptr<Connection>> connect_nats_flusher(const std::string& /*address*/) {
    return built_without("libnats");
}

#endif

} // namespace noa::bench
