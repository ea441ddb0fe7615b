// A bus with a gateway in a temporary directory, agents on lanes, and clients over ipc.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>
#include <zmq.h>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/sanitizers.hpp"
#include "bus/gateway.hpp"
#include "bus/lane.hpp"
#include "bus/wire.hpp"

namespace noa::bus::test {

// A message as it came, with its own memory.
struct Got {
    std::string first;
    std::string second;
    std::size_t frames = 0;
    wire::Message message; // points into the strings

    Got() = default;
    Got(const Got&) = delete;
    Got& operator=(const Got&) = delete;
    [[nodiscard]] wire::Kind kind() const { return static_cast<wire::Kind>(message.kind); }
    [[nodiscard]] std::string body() const { return std::string(message.body); }
};
using GotPtr = std::unique_ptr<Got>;

inline wire::Message make(wire::Kind kind) {
    wire::Message message;
    message.kind = static_cast<std::uint8_t>(kind);
    message.id = make_id();
    return message;
}

inline std::string encode(const wire::Message& message) {
    std::string frame(wire::head_bytes(message), '\0');
    wire::write_head(message, reinterpret_cast<std::byte*>(frame.data()));
    return frame.append(message.body);
}

inline bool same(const noa_id& a, const noa_id& b) {
    return std::equal(std::begin(a.bytes), std::end(a.bytes), std::begin(b.bytes));
}

// From clients to agents and back: what came before a message is done where it arrives.
inline char hop = 0;

class Client {
public:
    explicit Client(const std::string& dir, int receive_mark = 1000) : context_(zmq_ctx_new()) {
        socket_ = zmq_socket(context_, ZMQ_DEALER);
        const int zero = 0;
        const int limit_ms = 20'000; // a hang is a failure, not a wait
        zmq_setsockopt(socket_, ZMQ_LINGER, &zero, sizeof zero);
        zmq_setsockopt(socket_, ZMQ_RCVTIMEO, &limit_ms, sizeof limit_ms);
        zmq_setsockopt(socket_, ZMQ_RCVHWM, &receive_mark, sizeof receive_mark);
        zmq_connect(socket_, ("ipc://" + dir + "/bus.sock").c_str());
    }
    ~Client() {
        zmq_close(socket_);
        zmq_ctx_term(context_);
    }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void send_raw(const std::vector<std::string>& frames) const {
        NOA_HOP_RELEASE(&hop);
        for (std::size_t i = 0; i < frames.size(); ++i) {
            zmq_send(socket_, frames[i].data(), frames[i].size(),
                     i + 1 < frames.size() ? ZMQ_SNDMORE : 0);
        }
    }
    noa_id send(const wire::Message& message) const {
        send_raw({encode(message)});
        return message.id;
    }
    [[nodiscard]] GotPtr receive() const {
        auto got = std::make_unique<Got>();
        for (bool more = true; more;) {
            zmq_msg_t frame;
            zmq_msg_init(&frame);
            if (zmq_msg_recv(&frame, socket_, 0) < 0) {
                ADD_FAILURE() << "nothing came";
                zmq_msg_close(&frame);
                return got;
            }
            auto& to = got->frames++ == 0 ? got->first : got->second;
            to.assign(static_cast<const char*>(zmq_msg_data(&frame)), zmq_msg_size(&frame));
            more = zmq_msg_more(&frame) != 0;
            zmq_msg_close(&frame);
        }
        NOA_HOP_ACQUIRE(&hop);
        const auto fault =
            wire::decode(std::as_bytes(std::span(got->first)),
                         std::as_bytes(std::span(got->second)), got->frames > 1, got->message);
        EXPECT_EQ(fault, wire::Fault::none) << wire::explain(fault);
        return got;
    }
    // What answers exactly this message.
    [[nodiscard]] GotPtr ask(const wire::Message& message) const {
        const auto id = send(message);
        auto got = receive();
        EXPECT_TRUE(same(got->message.correlation, id));
        return got;
    }
    [[nodiscard]] GotPtr call(std::string_view agent, std::string_view operation,
                              std::string_view body = {}) const {
        auto message = make(wire::Kind::request);
        message.to = agent;
        message.subject = operation;
        message.body = body;
        return ask(message);
    }
    [[nodiscard]] GotPtr serve(std::string_view name, std::uint32_t credit = 16,
                               std::uint32_t lease_ms = 0) const {
        auto message = make(wire::Kind::serve);
        message.to = name;
        message.number = credit;
        message.timeout_ms = lease_ms;
        return ask(message);
    }
    [[nodiscard]] GotPtr subscribe(std::string_view pattern, std::string_view to = {}) const {
        auto message = make(wire::Kind::subscribe);
        message.flags = wire::flag_want_receipt;
        message.subject = pattern;
        message.to = to;
        return ask(message);
    }
    [[nodiscard]] noa_status ping() const { return ask(make(wire::Kind::ping))->message.status; }
    noa_id settle(wire::Kind kind, const noa_id& delivery, std::string_view body = {}) const {
        auto message = make(kind);
        message.correlation = delivery;
        message.body = body;
        return send(message);
    }

private:
    void* context_;
    void* socket_;
};

class TestAgent final : public Handler {
public:
    using Handle = std::function<noa_status(Lane&, const noa_message&, noa_delivery)>;

    TestAgent(Bus& bus, const std::string& name, Handle handle) : handle_(std::move(handle)) {
        endpoint_ = bus.routes().resolve(name);
        EXPECT_TRUE(bus.open_inbox(*endpoint_));
        lane_ = std::move(*Lane::open(bus, *endpoint_, LaneOptions{}, name));
        lane_->post([this] { lane_->attach(*this); });
        endpoint_->inbox().set_state(Inbox::State::open);
    }
    ~TestAgent() override {
        lane_->post([this] { lane_->detach(); });
        lane_->join();
    }
    TestAgent(const TestAgent&) = delete;
    TestAgent& operator=(const TestAgent&) = delete;

    [[nodiscard]] Lane& lane() { return *lane_; }
    [[nodiscard]] Inbox& inbox() { return endpoint_->inbox(); }

private:
    noa_status handle(const noa_message& message, noa_delivery delivery,
                      noa_error& /*error*/) noexcept override {
        NOA_HOP_ACQUIRE(&hop);
        const auto status = handle_(*lane_, message, delivery);
        NOA_HOP_RELEASE(&hop);
        return status;
    }
    void on_reply(std::uint64_t, noa_status, const noa_message*) noexcept override {}
    void on_wake(std::uint64_t) noexcept override {}
    void on_timer(std::uint64_t) noexcept override {}
    Result<std::string> inspect(std::string_view operation) noexcept override {
        return R"({"operation":")" + std::string(operation) + "\"}";
    }

    Handle handle_;
    Endpoint* endpoint_ = nullptr;
    std::unique_ptr<Lane> lane_;
};

inline noa_status reply_with(Lane& lane, noa_delivery delivery, std::string_view body) {
    noa_outgoing out{};
    out.struct_size = sizeof out;
    out.body = {body.data(), body.size()};
    return lane.reply(delivery, out);
}

inline noa_status echo(Lane& lane, const noa_message& message, noa_delivery delivery) {
    return reply_with(lane, delivery,
                      {static_cast<const char*>(message.body.data), message.body.size});
}

class GatewayTest : public testing::Test {
protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "noa-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        dir_ = pattern;
        bus_ = std::move(*Bus::open({}));
        options_.runtime_dir = dir_;
        options_.clock = [this] { return monotonic_ns() + skew_ns_.load(); };
    }
    void TearDown() override {
        gateway_.reset();
        std::filesystem::remove_all(dir_);
    }
    void open() {
        auto opened = Gateway::open(*bus_, options_);
        ASSERT_TRUE(opened) << opened.error().text();
        gateway_ = std::move(*opened);
    }
    // Time passes for the gateway, and it looks.
    void pass(std::int64_t seconds) {
        skew_ns_ += seconds * 1'000'000'000;
        bus_->routes().find("outside")->inbox().nudge();
    }
    [[nodiscard]] std::uint64_t count(const char* key) const {
        return nlohmann::json::parse(gateway_->counters_json()).at(key).get<std::uint64_t>();
    }
    // What is counted at the end of a turn: an answer may come before it.
    void await_count(const Client& client, const char* key, std::uint64_t wanted) const {
        while (count(key) != wanted) {
            ASSERT_EQ(client.ask(make(wire::Kind::ping))->kind(), wire::Kind::pong);
        }
    }

    std::string dir_;
    std::unique_ptr<Bus> bus_; // before the gateway: outlives it
    GatewayOptions options_;
    std::atomic<std::int64_t> skew_ns_{0};
    std::unique_ptr<Gateway> gateway_;
};

} // namespace noa::bus::test
