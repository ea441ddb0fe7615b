#include <sys/stat.h>

#include "gateway_rig.hpp"

namespace noa::bus::test {
namespace {

using wire::Kind;

class GatewayCalls : public GatewayTest {};

TEST_F(GatewayCalls, ReplyReachesTheCaller) {
    const TestAgent agent(*bus_, "echo", echo);
    open();
    const Client client(dir_);
    auto message = make(Kind::request);
    message.to = "echo";
    message.subject = "say";
    message.body = "hello";
    const auto got = client.ask(message);
    EXPECT_EQ(got->kind(), Kind::reply);
    EXPECT_EQ(got->body(), "hello");
    EXPECT_EQ(got->message.from, "echo");
    await_count(client, "open_requests", 0);
}

TEST_F(GatewayCalls, AgentSeesWhatWasSentAndWhoSentIt) {
    std::string from;
    std::string subject;
    std::string trace;
    std::uint32_t flags = 0;
    std::uint32_t hops = 0;
    std::int64_t deadline_ns = 0;
    const TestAgent agent(*bus_, "probe",
                          [&](Lane& lane, const noa_message& message, noa_delivery delivery) {
                              from = view(message.from);
                              subject = view(message.subject);
                              trace = view(message.traceparent);
                              flags = message.flags;
                              hops = message.hops;
                              deadline_ns = message.deadline_ns;
                              return reply_with(lane, delivery, "");
                          });
    open();
    const Client client(dir_);
    auto message = make(Kind::request);
    message.to = "probe";
    message.from = "host"; // forged
    message.subject = "a.b";
    message.traceparent = "00-trace-span-01";
    message.hops = 3; // claimed: nothing that it handles led to this
    message.timeout_ms = 60'000;
    EXPECT_EQ(client.ask(message)->kind(), Kind::reply);
    EXPECT_EQ(from, "outside");
    EXPECT_EQ(subject, "a.b");
    EXPECT_EQ(trace, "00-trace-span-01");
    EXPECT_EQ(flags, 0U);
    EXPECT_EQ(hops, 0U);
    EXPECT_GT(deadline_ns, monotonic_ns());
    EXPECT_LE(deadline_ns, monotonic_ns() + 60'000'000'000);
}

TEST_F(GatewayCalls, LargeBodiesTravelInASecondFrameBothWays) {
    const TestAgent agent(*bus_, "echo", echo);
    open();
    const Client client(dir_);
    std::string body(1'000'000, '\0');
    for (std::size_t i = 0; i < body.size(); ++i) {
        body[i] = static_cast<char>(i * 31 >> 3U);
    }
    auto message = make(Kind::request);
    message.to = "echo";
    message.subject = "say";
    client.send_raw({encode(message), body});
    const auto got = client.receive();
    EXPECT_EQ(got->frames, 2U);
    EXPECT_TRUE(got->body() == body);
}

TEST_F(GatewayCalls, BodiesOfEverySizeComeBackWhole) {
    const TestAgent agent(*bus_, "echo", echo);
    open();
    const Client client(dir_);
    for (const std::size_t size : {0U, 1U, 1023U, 1024U, 1025U, 4095U, 4096U, 4097U, 70'000U}) {
        const std::string body(size, 'b');
        EXPECT_TRUE(client.call("echo", "say", body)->body() == body) << size;
    }
}

TEST_F(GatewayCalls, ErrorOfTheAgentKeepsItsStatus) {
    const TestAgent agent(*bus_, "sour", [](Lane& lane, const noa_message&, noa_delivery delivery) {
        static_cast<void>(lane.settle(delivery, NOA_E_NOT_FOUND, "no such key", 0));
        return NOA_OK;
    });
    open();
    const Client client(dir_);
    const auto got = client.call("sour", "get");
    EXPECT_EQ(got->kind(), Kind::error);
    EXPECT_EQ(got->message.status, NOA_E_NOT_FOUND);
    EXPECT_EQ(got->message.from, "sour");
    EXPECT_EQ(got->body(), "no such key");
}

TEST_F(GatewayCalls, ControlOperationsAreAnswered) {
    const TestAgent agent(*bus_, "echo", echo);
    open();
    const Client client(dir_);
    EXPECT_EQ(client.call("echo", "health", std::string(5000, 'x'))->body(),
              R"({"operation":"health"})");
    EXPECT_EQ(nlohmann::json::parse(client.call("outside", "metrics")->body()).at("peers"), 1);
    EXPECT_EQ(client.call("outside", "anything")->message.status, NOA_E_NO_AGENT);
}

TEST_F(GatewayCalls, RefusalsComeAtOnce) {
    TestAgent agent(*bus_, "echo", echo);
    open();
    const Client client(dir_);
    EXPECT_EQ(client.call("nobody", "x")->message.status, NOA_E_NO_AGENT);
    EXPECT_EQ(client.call("", "x")->message.status, NOA_E_INVALID);
    EXPECT_EQ(client.call("echo", "x..y")->message.status, NOA_E_INVALID);
    EXPECT_EQ(client.call("echo", "")->message.status, NOA_E_INVALID);
    agent.inbox().set_state(Inbox::State::stopped);
    EXPECT_EQ(client.call("echo", "x")->message.status, NOA_E_UNAVAILABLE);
    EXPECT_EQ(count("refused"), 5U);
    EXPECT_EQ(count("open_requests"), 0U);
}

TEST_F(GatewayCalls, FullInboxSaysHowFullItIs) {
    TestAgent agent(*bus_, "slow",
                    [](Lane&, const noa_message&, noa_delivery) { return NOA_DEFERRED; });
    agent.inbox().set_limit(2);
    open();
    const Client client(dir_);
    auto message = make(Kind::request);
    message.to = "slow";
    message.subject = "x";
    client.send(message);
    message.id = make_id();
    client.send(message);
    message.id = make_id();
    const auto got = client.ask(message);
    EXPECT_EQ(got->message.status, NOA_E_BUSY);
    EXPECT_EQ(got->message.number, 2U);
    EXPECT_GT(got->message.timeout_ms, 0U);
}

TEST_F(GatewayCalls, OpenIdOfTheSamePeerIsInvalidOfAnotherIsNot) {
    noa_delivery first = 0;
    TestAgent agent(*bus_, "slow", [&](Lane& lane, const noa_message& message, noa_delivery d) {
        if (view(message.subject) == "keep") {
            first = d;
            return NOA_DEFERRED;
        }
        static_cast<void>(reply_with(lane, first, "kept"));
        return reply_with(lane, d, "at once");
    });
    open();
    const Client one(dir_);
    const Client two(dir_);
    auto message = make(Kind::request);
    message.to = "slow";
    message.subject = "keep";
    one.send(message);
    EXPECT_EQ(one.ask(message)->message.status, NOA_E_INVALID);
    message.subject = "release";
    EXPECT_EQ(two.ask(message)->body(), "at once");
    EXPECT_EQ(one.receive()->body(), "kept");
}

TEST_F(GatewayCalls, RequestThatNobodyAnswersExpires) {
    TestAgent agent(*bus_, "silent",
                    [](Lane&, const noa_message&, noa_delivery) { return NOA_DEFERRED; });
    open();
    const Client client(dir_);
    auto message = make(Kind::request);
    message.to = "silent";
    message.subject = "x";
    message.timeout_ms = 86'000'000;
    client.send(message);
    static_cast<void>(client.ping()); // it has been read
    pass(87'000);
    const auto got = client.receive();
    EXPECT_EQ(got->message.status, NOA_E_EXPIRED);
    EXPECT_TRUE(same(got->message.correlation, message.id));
    EXPECT_EQ(count("expired"), 1U);
}

TEST_F(GatewayCalls, PeerHasOnlySoManyRequestsOpen) {
    options_.max_requests_per_peer = 3;
    TestAgent agent(*bus_, "silent",
                    [](Lane&, const noa_message&, noa_delivery) { return NOA_DEFERRED; });
    open();
    const Client client(dir_);
    auto message = make(Kind::request);
    message.to = "silent";
    message.subject = "x";
    for (int i = 0; i < 3; ++i) {
        message.id = make_id();
        client.send(message);
    }
    message.id = make_id();
    EXPECT_EQ(client.ask(message)->message.status, NOA_E_BUSY);
    await_count(client, "open_requests", 3);
}

TEST_F(GatewayCalls, BodiesInUseAreBoundedByBytes) {
    options_.max_bytes_in = 100'000;
    TestAgent agent(*bus_, "silent",
                    [](Lane&, const noa_message&, noa_delivery) { return NOA_DEFERRED; });
    open();
    const Client client(dir_);
    const std::string body(60'000, 'x');
    auto message = make(Kind::request);
    message.to = "silent";
    message.subject = "x";
    message.body = body;
    client.send(message);
    message.id = make_id();
    EXPECT_EQ(client.ask(message)->message.status, NOA_E_BUSY);
    EXPECT_EQ(count("bytes_in"), 60'000U);
}

TEST_F(GatewayCalls, NoReplyIsReceiptedWhenAskedFor) {
    TestAgent agent(*bus_, "sink", [](Lane&, const noa_message& message, noa_delivery) {
        return (message.flags & NOA_MESSAGE_NO_REPLY) != 0 ? NOA_OK : NOA_E_INTERNAL;
    });
    open();
    const Client client(dir_);
    auto message = make(Kind::request);
    message.to = "sink";
    message.subject = "put";
    message.flags = wire::flag_no_reply;
    client.send(message); // nothing comes of it
    message.id = make_id();
    message.flags |= wire::flag_want_receipt;
    const auto got = client.ask(message);
    EXPECT_EQ(got->kind(), Kind::accepted);
    EXPECT_GE(got->message.number, 1U);
    message.to = "nobody";
    message.id = make_id();
    EXPECT_EQ(client.ask(message)->message.status, NOA_E_NO_AGENT);
}

TEST_F(GatewayCalls, SocketIsForOwnerAndGroupAndReplacesADeadOne) {
    open();
    gateway_.reset();
    const auto path = dir_ + "/bus.sock";
    std::filesystem::remove(path);
    // What a host that was killed leaves behind.
    void* context = zmq_ctx_new();
    void* socket = zmq_socket(context, ZMQ_PULL);
    ASSERT_EQ(zmq_bind(socket, ("ipc://" + path + "x").c_str()), 0);
    std::filesystem::rename(path + "x", path);
    open();
    struct stat there {};
    ASSERT_EQ(::stat(path.c_str(), &there), 0);
    EXPECT_EQ(there.st_mode & 0777U, 0660U);
    const TestAgent agent(*bus_, "echo", echo);
    EXPECT_EQ(Client(dir_).call("echo", "x", "alive")->body(), "alive");
    zmq_close(socket);
    zmq_ctx_term(context);
}

TEST_F(GatewayCalls, FileThatIsNoSocketIsLeftAlone) {
    const auto path = dir_ + "/bus.sock";
    std::fclose(std::fopen(path.c_str(), "w"));
    const auto opened = Gateway::open(*bus_, options_);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().object, path);
    EXPECT_TRUE(std::filesystem::is_regular_file(path));
}

} // namespace
} // namespace noa::bus::test
