// noa in the place of a broker: two outside programs that publish and subscribe.
#include "noa/host.hpp"
#include "peers/connection.hpp"

namespace noa::bench {

namespace {

class NoaConnection : public Connection {
public:
    explicit NoaConnection(WireClient client) : client_(std::move(client)) {}

    Result<void> subscribe(const std::string& topic) override {
        WireClient::Outgoing message;
        message.kind = wire_subscribe;
        message.flags = wire_want_receipt;
        message.subject = topic;
        auto accepted = client_.call(message);
        return accepted ? Result<void>{} : Result<void>(tl::unexpected(accepted.error()));
    }

    Result<void> publish(const std::string& topic, unsigned count) override {
        WireClient::Outgoing message;
        message.kind = wire_publish;
        message.subject = topic;
        message.body = body_;
        for (unsigned i = 0; i < count; ++i) {
            if (auto sent = client_.send(message); !sent) {
                return tl::unexpected(sent.error());
            }
        }
        return {};
    }

    Result<unsigned> receive(std::chrono::milliseconds timeout) override {
        if (timeout != timeout_) {
            client_.set_timeout(timeout);
            timeout_ = timeout;
        }
        for (WireMessage message;;) {
            auto received = client_.receive(message);
            if (!received) {
                return tl::unexpected(received.error());
            }
            if (!*received) {
                return 0U;
            }
            if (message.header.kind == wire_event) {
                return 1U;
            }
            return fail(Errc::internal, "receive an event", std::to_string(message.header.kind),
                        std::string(message.body));
        }
    }

private:
    WireClient client_;
    std::chrono::milliseconds timeout_{0};
    const std::string body_ = std::string(small_body, 'x');
};

} // namespace

Result<Broker> start_noa(const Context& context) {
    auto host = Host::start(context, {.agents = {{.name = "b"}}});
    if (!host) {
        return tl::unexpected(host.error());
    }
    auto address = host->runtime_dir();
    return Broker{std::move(*host).release(), std::move(address)};
}

Result<std::unique_ptr<Connection>> connect_noa(const std::string& address) {
    auto client = WireClient::connect(address);
    if (!client) {
        return tl::unexpected(client.error());
    }
    return std::unique_ptr<Connection>(std::make_unique<NoaConnection>(std::move(*client)));
}

} // namespace noa::bench
