#include "gateway_rig.hpp"

namespace noa::bus::test {
namespace {

using wire::Kind;

class GatewayEvents : public GatewayTest {
protected:
    static wire::Message event(std::string_view subject, std::string_view body = {}) {
        auto message = make(Kind::publish);
        message.flags = wire::flag_want_receipt;
        message.subject = subject;
        message.body = body;
        return message;
    }
};

TEST_F(GatewayEvents, EventReachesWhoeverSubscribes) {
    open();
    const Client reader(dir_);
    const Client writer(dir_);
    EXPECT_EQ(reader.subscribe("news.*")->kind(), Kind::accepted);
    EXPECT_EQ(writer.ask(event("news.today", "sun"))->message.number, 1U);
    EXPECT_EQ(writer.ask(event("weather", "rain"))->message.number, 0U);
    const auto got = reader.receive();
    EXPECT_EQ(got->kind(), Kind::event);
    EXPECT_EQ(got->message.subject, "news.today");
    EXPECT_EQ(got->message.from, "outside");
    EXPECT_EQ(got->message.to, "");
    EXPECT_EQ(got->body(), "sun");
}

TEST_F(GatewayEvents, EventOfAnAgentInsideReachesPeersOutside) {
    open();
    const Client reader(dir_);
    static_cast<void>(reader.subscribe("host.>"));
    bus_->announce("host.started", R"({"a":1})");
    const auto got = reader.receive();
    EXPECT_EQ(got->message.from, "host");
    EXPECT_EQ(got->message.content_type, "application/json");
}

TEST_F(GatewayEvents, SeveralMatchingPatternsBringItOnce) {
    open();
    const Client reader(dir_);
    static_cast<void>(reader.subscribe("a.>"));
    static_cast<void>(reader.subscribe("a.b"));
    static_cast<void>(reader.subscribe("a.b")); // one subscription all the same
    EXPECT_EQ(count("subscriptions"), 2U);
    const Client writer(dir_);
    static_cast<void>(writer.ask(event("a.b", "one")));
    static_cast<void>(writer.ask(event("a.c", "two")));
    EXPECT_EQ(reader.receive()->body(), "one");
    EXPECT_EQ(reader.receive()->body(), "two");
}

TEST_F(GatewayEvents, EachSubscriberGetsLargeBodiesWhole) {
    open();
    const Client one(dir_);
    const Client two(dir_);
    static_cast<void>(one.subscribe("big"));
    static_cast<void>(two.subscribe("big"));
    const std::string body(200'000, 'z');
    static_cast<void>(Client(dir_).ask(event("big", body)));
    EXPECT_TRUE(one.receive()->body() == body);
    EXPECT_TRUE(two.receive()->body() == body);
}

TEST_F(GatewayEvents, UnsubscribedPatternBringsNothing) {
    open();
    const Client reader(dir_);
    static_cast<void>(reader.subscribe("a"));
    static_cast<void>(reader.subscribe("b"));
    auto stop = make(Kind::unsubscribe);
    stop.flags = wire::flag_want_receipt;
    stop.subject = "a";
    EXPECT_EQ(reader.ask(stop)->kind(), Kind::accepted);
    stop.id = make_id();
    EXPECT_EQ(reader.ask(stop)->message.status, NOA_E_NOT_FOUND);
    const Client writer(dir_);
    EXPECT_EQ(writer.ask(event("a"))->message.number, 0U);
    EXPECT_EQ(writer.ask(event("b", "left"))->message.number, 1U);
    EXPECT_EQ(reader.receive()->body(), "left");
}

TEST_F(GatewayEvents, PatternsAreCheckedAndBounded) {
    options_.max_patterns_per_peer = 2;
    open();
    const Client reader(dir_);
    EXPECT_EQ(reader.subscribe("a.>.b")->message.status, NOA_E_INVALID);
    EXPECT_EQ(reader.subscribe("a", "helper")->message.status, NOA_E_STATE);
    EXPECT_EQ(reader.subscribe("a")->kind(), Kind::accepted);
    EXPECT_EQ(reader.subscribe("b")->kind(), Kind::accepted);
    EXPECT_EQ(reader.subscribe("c")->message.status, NOA_E_TOO_LARGE);
}

TEST_F(GatewayEvents, PingTellsWhetherAnythingIsHeld) {
    open();
    const Client reader(dir_);
    EXPECT_EQ(reader.ping(), NOA_E_NOT_FOUND);
    static_cast<void>(reader.subscribe("a"));
    EXPECT_EQ(reader.ping(), NOA_OK);
    auto leave = make(Kind::leave);
    leave.flags = wire::flag_want_receipt;
    EXPECT_EQ(reader.ask(leave)->kind(), Kind::accepted);
    EXPECT_EQ(reader.ping(), NOA_E_NOT_FOUND);
    EXPECT_EQ(count("subscriptions"), 0U);
}

TEST_F(GatewayEvents, SilentSubscriberLosesItsLeaseAndOneThatPingsKeepsIt) {
    open();
    const Client silent(dir_);
    const Client lively(dir_);
    static_cast<void>(silent.subscribe("a"));
    static_cast<void>(lively.subscribe("a"));
    pass(20);
    EXPECT_EQ(lively.ping(), NOA_OK);
    pass(20);
    while (count("leases_expired") == 0) {
        static_cast<void>(Client(dir_).call("nobody", "x"));
    }
    EXPECT_EQ(lively.ping(), NOA_OK);
    EXPECT_EQ(silent.ping(), NOA_E_NOT_FOUND);
}

TEST_F(GatewayEvents, ReaderThatFallsBehindIsToldHowMuchItLost) {
    options_.max_queued_per_peer = 16;
    open();
    const Client slow(dir_, 1);
    static_cast<void>(slow.subscribe("tick"));
    const Client writer(dir_);
    const std::string body(4000, 't'); // fills the kernel's buffers soon
    std::uint32_t published = 0;
    while (count("gaps") < 10) {
        static_cast<void>(writer.ask(event("tick", body)));
        ++published;
    }
    while (count("events") + count("gaps") < published) {
        static_cast<void>(writer.ping());
    }
    const auto lost = count("gaps");
    for (auto left = published - lost; left > 0; --left) {
        EXPECT_EQ(slow.receive()->kind(), Kind::event);
    }
    const auto id = slow.send(make(Kind::ping));
    const auto gap = slow.receive();
    EXPECT_EQ(gap->kind(), Kind::gap);
    EXPECT_EQ(gap->message.number, lost);
    EXPECT_TRUE(same(slow.receive()->message.correlation, id));
    EXPECT_EQ(slow.ping(), NOA_OK);
}

} // namespace
} // namespace noa::bus::test
