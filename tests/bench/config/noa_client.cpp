// A DEALER on the outside gateway; bodies are JSON.
#include <cstring>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "config/client.hpp"
#include "noa/wire.hpp"
#include "raw/socket.hpp"

namespace noa::bench {

namespace {

class NoaClient final : public ConfigClient {
public:
    NoaClient(void* context, const std::string& address)
        : socket_(make_socket(context, ZMQ_DEALER)) {
        if (const auto connected = connect_to(socket_.get(), "ipc://" + address + "/bus.sock");
            !connected) {
            throw std::runtime_error("noa: nothing listens in " + address);
        }
    }

    [[nodiscard]] zmq_pollitem_t readiness() const override {
        return {socket_.get(), 0, ZMQ_POLLIN, 0};
    }
    void put(const std::string& key, const std::string& json) override {
        send(wire_request, 0, "set", R"({"name":")" + key + R"(","value":)" + json + "}");
    }
    void get(const std::string& key) override {
        send(wire_request, 0, "get", R"({"name":")" + key + R"("})");
    }
    void watch(const std::string& key) override {
        send(wire_subscribe, wire_want_receipt, "config.changed." + key, "");
    }
    void follow(const std::string& key) override {
        followed_ = key;
        get(key); // says where to go on from
    }
    unsigned take() override {
        unsigned count = 0;
        for (Frame frame; frame.receive(socket_.get(), ZMQ_DONTWAIT);) {
            WireHeader header{};
            if (frame.size() < sizeof header || ::zmq_msg_more(frame.get()) != 0) {
                throw std::runtime_error("noa: an answer in two frames, or none at all");
            }
            std::memcpy(&header, frame.data(), sizeof header);
            const std::size_t strings = std::size_t{header.to_len} + header.from_len +
                                        header.subject_len + header.content_type_len +
                                        header.traceparent_len;
            const std::string body(frame.data() + sizeof header + strings,
                                   frame.size() - sizeof header - strings);
            if (header.kind == wire_error) {
                throw std::runtime_error("noa: " + body);
            }
            ++count;
            if (!followed_.empty()) {
                go_on(body);
            }
        }
        return count;
    }

private:
    void go_on(const std::string& body) {
        const auto revision = nlohmann::json::parse(body).at("revision").get<long>();
        send(wire_request, 0, "changes",
             R"({"wait_s":60,"since":)" + std::to_string(revision) + R"(,"names":[")" + followed_ +
                 "\"]}");
    }
    void send(std::uint8_t kind, std::uint8_t flags, const std::string& subject,
              const std::string& body) {
        const std::string to = kind == wire_request ? "config" : "";
        WireHeader header{};
        std::memcpy(header.magic, "NOA1", sizeof header.magic);
        header.kind = kind;
        header.flags = flags;
        header.id[1] = ++last_id_;
        header.timeout_ms = 60'000;
        header.to_len = static_cast<std::uint8_t>(to.size());
        header.subject_len = static_cast<std::uint8_t>(subject.size());
        const std::string rest = to + subject + body;
        Frame frame(sizeof header + rest.size());
        std::memcpy(frame.data(), &header, sizeof header);
        std::memcpy(frame.data() + sizeof header, rest.data(), rest.size());
        if (!frame.send(socket_.get())) {
            throw std::runtime_error("noa: cannot send");
        }
    }

    ZmqSocket socket_;
    std::string followed_; // empty: none
    std::uint64_t last_id_ = 0;
};

} // namespace

std::unique_ptr<ConfigClient> connect_to_noa(void* context, const std::string& address) {
    return std::make_unique<NoaClient>(context, address);
}

} // namespace noa::bench
