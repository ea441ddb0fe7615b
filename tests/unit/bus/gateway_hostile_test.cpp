#include <cstring>

#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "gateway_rig.hpp"

#include "base/unique_fd.hpp"

namespace noa::bus::test {
namespace {

using wire::Kind;

class GatewayHostile : public GatewayTest {};

TEST_F(GatewayHostile, UnreadableMessagesAreCountedAndDropped) {
    open();
    const Client client(dir_);
    const auto good = encode(make(Kind::ping));
    client.send_raw({""});
    client.send_raw({"short"});
    client.send_raw({good.substr(0, 63)});
    client.send_raw({"NOA2" + good.substr(4)});
    client.send_raw({std::string(100'000, '\xff')});
    EXPECT_EQ(client.ping(), NOA_E_NOT_FOUND); // and nothing else came
    EXPECT_EQ(count("malformed"), 5U);
}

TEST_F(GatewayHostile, MalformedMessagesAreAnsweredWithTheirId) {
    open();
    const Client client(dir_);
    const auto message = make(Kind::ping);
    const auto bad = [&](std::size_t at, char value) {
        auto frame = encode(message);
        frame[at] = value;
        client.send_raw({frame});
        const auto got = client.receive();
        EXPECT_EQ(got->kind(), Kind::error) << at;
        EXPECT_EQ(got->message.status, NOA_E_INVALID) << at;
        EXPECT_TRUE(same(got->message.correlation, message.id)) << at;
        EXPECT_FALSE(got->body().empty());
    };
    bad(5, 0x40);
    bad(6, 9);
    bad(52, 63);
    bad(54, '\xff');
    bad(60, 1);
    client.send_raw({encode(message), "", ""});
    EXPECT_EQ(client.receive()->message.status, NOA_E_INVALID);
    client.send_raw({encode(message) + "x", "body"});
    EXPECT_EQ(client.receive()->message.status, NOA_E_INVALID);
    EXPECT_EQ(count("malformed"), 7U);
    EXPECT_EQ(client.ping(), NOA_E_NOT_FOUND);
}

TEST_F(GatewayHostile, KindsThatNoClientSendsAreUnsupported) {
    open();
    const Client client(dir_);
    for (const int kind : {0, 4, 5, 15, 22, 26, 27, 28, 255}) {
        EXPECT_EQ(client.ask(make(static_cast<Kind>(kind)))->message.status, NOA_E_UNSUPPORTED)
            << kind;
    }
    EXPECT_EQ(count("unsupported"), 9U);
}

TEST_F(GatewayHostile, OversizedBodyIsAnsweredAndAnOversizedFrameEndsTheConnection) {
    bus_ = std::move(*Bus::open({.max_message = 10'000}));
    const TestAgent agent(*bus_, "echo", echo);
    open();
    const Client client(dir_);
    EXPECT_EQ(client.call("echo", "x", std::string(10'001, 'x'))->message.status, NOA_E_TOO_LARGE);
    EXPECT_EQ(client.call("echo", "x", std::string(10'000, 'x'))->kind(), Kind::reply);
    const Client other(dir_);
    other.send_raw({std::string(1'000'000, 'x')});
    EXPECT_EQ(client.call("echo", "x", "still here")->body(), "still here");
    EXPECT_EQ(count("oversized"), 1U);
}

TEST_F(GatewayHostile, RandomFramesHarmNobody) {
    const TestAgent agent(*bus_, "echo", echo);
    open();
    const Client client(dir_);
    const Client fuzzer(dir_, 100'000);
    std::uint64_t state = 88172645463325252ULL;
    const auto random = [&] {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        return state;
    };
    auto message = make(Kind::request);
    message.to = "echo";
    message.subject = "x.y";
    message.body = "body";
    for (int i = 0; i < 5000; ++i) {
        auto frame = encode(message);
        for (auto changes = random() % 4; changes > 0; --changes) {
            frame[4 + random() % (frame.size() - 4)] = static_cast<char>(random());
        }
        frame.resize(frame.size() - (random() % 8 == 0 ? random() % frame.size() : 0));
        fuzzer.send_raw({frame});
    }
    EXPECT_EQ(client.call("echo", "x", "fine")->body(), "fine");
}

TEST_F(GatewayHostile, FloodOfPeersIsBounded) {
    options_.max_peers = 8;
    open();
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(Client(dir_).ping(), NOA_E_NOT_FOUND);
    }
    EXPECT_LE(count("peers"), 8U);
}

UniqueFd connect_raw(const std::string& path) {
    UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fd.reset();
    }
    return fd;
}

TEST_F(GatewayHostile, ConnectionsOverTheLimitAreTurnedAway) {
    options_.max_connections = 4;
    open();
    const Client client(dir_);
    EXPECT_EQ(client.ping(), NOA_E_NOT_FOUND);
    std::vector<UniqueFd> many;
    many.reserve(100);
    for (int i = 0; i < 100; ++i) {
        many.push_back(connect_raw(dir_ + "/bus.sock"));
    }
    while (count("turned_away") < 97) {
        EXPECT_EQ(client.ping(), NOA_E_NOT_FOUND); // those that were there first stay
    }
    many.clear();
    while (count("connections") > 1) {
        EXPECT_EQ(client.ping(), NOA_E_NOT_FOUND);
    }
    EXPECT_EQ(Client(dir_).ping(), NOA_E_NOT_FOUND); // and there is room again
}

TEST_F(GatewayHostile, PeerThatReadsNothingIsSentAway) {
    options_.max_queued_per_peer = 16;
    const TestAgent agent(*bus_, "echo", echo);
    open();
    const Client greedy(dir_, 1);
    static_cast<void>(greedy.subscribe("a"));
    const std::string body(4000, 'x');
    auto message = make(Kind::request);
    message.to = "echo";
    message.subject = "x";
    message.body = body;
    while (count("overflowed") == 0) {
        message.id = make_id();
        greedy.send(message);
    }
    EXPECT_EQ(Client(dir_).call("echo", "x", "others")->body(), "others");
    while (count("subscriptions") != 0) {
        static_cast<void>(Client(dir_).ping());
    }
}

} // namespace
} // namespace noa::bus::test
