#include <cstring>
#include <thread>

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

// An agent that answers nobody, and what a client that does not wait for it leaves behind.
class GatewayCrowd : public GatewayHostile {
protected:
    static constexpr std::uint32_t a_day_ms = 86'400'000;
    static wire::Message endless() {
        auto message = make(Kind::request);
        message.to = "silent";
        message.subject = "x";
        message.timeout_ms = a_day_ms;
        return message;
    }
    // Whether the request is open once everything before the pong was looked at.
    static bool ask(const Client& client) {
        client.send(endless());
        client.send(make(Kind::ping));
        return client.receive()->kind() == Kind::pong;
    }
    // Past the pongs by which the gateway sees whether somebody is there.
    static noa_status ping(const Client& client) {
        const auto id = client.send(make(Kind::ping));
        auto got = client.receive();
        while (!same(got->message.correlation, id)) {
            EXPECT_EQ(got->kind(), Kind::pong);
            EXPECT_TRUE(is_zero(got->message.correlation));
            got = client.receive();
        }
        return got->message.status;
    }
    void SetUp() override {
        GatewayHostile::SetUp();
        silent_ = std::make_unique<TestAgent>(
            *bus_, "silent", [](Lane&, const noa_message&, noa_delivery) { return NOA_DEFERRED; });
    }
    std::unique_ptr<TestAgent> silent_;
};

TEST_F(GatewayCrowd, MoreDeadProgramsThanPlacesKeepNobodyOut) {
    options_.max_peers = 8;
    open();
    for (int i = 0; i < 50; ++i) {
        while (true) {
            const Client client(dir_); // gone with its request open
            if (ask(client)) {
                break;
            }
            pass(1); // the gateway looks again at most once a second
        }
    }
    EXPECT_EQ(count("requests"), 50U);
    EXPECT_LE(count("peers"), 8U);
    EXPECT_EQ(count("evicted"), 0U) << "that they are gone could be seen";
    EXPECT_LE(count("open_requests"), 8U);
}

TEST_F(GatewayCrowd, SilentProgramsMakeRoomTheLongestSilentFirstAndAreTold) {
    options_.max_peers = 4;
    open();
    const Client first(dir_);
    const Client second(dir_);
    const Client leased(dir_);
    const Client third(dir_);
    ASSERT_TRUE(ask(first));
    pass(1);
    ASSERT_TRUE(ask(second));
    static_cast<void>(leased.serve("helper", 1, 300'000));
    ASSERT_TRUE(ask(leased));
    ASSERT_TRUE(ask(third));
    EXPECT_FALSE(ask(Client(dir_))) << "all are connected, none was silent for long";
    pass(31);
    EXPECT_EQ(ping(second), NOA_E_NOT_FOUND); // a sign of life
    const Client newcomer(dir_);
    ASSERT_TRUE(ask(newcomer));
    auto told = first.receive();
    while (told->kind() == Kind::pong) {
        told = first.receive();
    }
    EXPECT_EQ(told->kind(), Kind::error);
    EXPECT_EQ(told->message.status, NOA_E_UNAVAILABLE);
    EXPECT_EQ(count("evicted"), 1U);
    EXPECT_EQ(ping(leased), NOA_OK);
}

TEST_F(GatewayCrowd, RequestsThatDeadProgramsLeftOpenMakeRoomForOthers) {
    options_.max_requests = 10;
    options_.max_requests_per_peer = 5;
    open();
    for (int i = 0; i < 2; ++i) {
        const Client client(dir_);
        for (int request = 0; request < 5; ++request) {
            ASSERT_TRUE(ask(client));
        }
    }
    while (count("connections") != 0) {
        std::this_thread::yield();
    }
    const Client client(dir_);
    while (!ask(client)) {
        EXPECT_EQ(client.receive()->kind(), Kind::pong);
        pass(1);
    }
    while (count("open_requests") != 1) { // as of the end of a turn
        EXPECT_EQ(ping(client), NOA_E_NOT_FOUND);
    }
}

// Names are kept for the life of a host: asking for one must not make it.
TEST_F(GatewayHostile, NamesThatNobodyHasTakeNoPlace) {
    open();
    const Client client(dir_);
    const auto before = bus_->routes().count();
    for (std::size_t i = 0; i < RouteTable::max_names + 10; ++i) {
        const auto name = "nobody-" + std::to_string(i);
        ASSERT_EQ(client.call(name, "x")->message.status, NOA_E_NO_AGENT);
        if (i % 100 == 0) {
            EXPECT_EQ(client.subscribe("a.b", name)->message.status, NOA_E_STATE);
        }
    }
    EXPECT_EQ(bus_->routes().count(), before);
    EXPECT_NE(bus_->routes().resolve("somebody"), nullptr);
}

TEST_F(GatewayHostile, NamesThatProgramsServeUnderLeaveRoomForTheConfiguration) {
    options_.max_names = RouteTable::max_names; // as if there were no limit of the gateway's own
    for (std::size_t i = 0;
         bus_->routes().count() + RouteTable::kept_for_agents + 2 < RouteTable::max_names; ++i) {
        ASSERT_NE(bus_->routes().resolve("taken-" + std::to_string(i)), nullptr);
    }
    open();
    for (int i = 0; i < 5; ++i) {
        const Client client(dir_);
        const auto got = client.serve("late-" + std::to_string(i));
        EXPECT_EQ(got->kind(), i < 2 ? Kind::accepted : Kind::error) << i;
    }
    EXPECT_EQ(bus_->routes().count(), RouteTable::max_names - RouteTable::kept_for_agents);
    EXPECT_NE(bus_->routes().resolve("configured"), nullptr);
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
