#include "gateway_rig.hpp"

namespace noa::bus::test {
namespace {

using wire::Kind;

class GatewayServing : public GatewayTest {
protected:
    static wire::Message request(std::string_view to, std::string_view subject = "work") {
        auto message = make(Kind::request);
        message.to = to;
        message.subject = subject;
        return message;
    }
};

TEST_F(GatewayServing, CallReachesTheProgramAndItsReplyTheCaller) {
    open();
    const Client server(dir_);
    const Client caller(dir_);
    const auto granted = server.serve("helper", 4);
    EXPECT_EQ(granted->kind(), Kind::accepted);
    EXPECT_EQ(granted->message.number, 4U);
    EXPECT_EQ(granted->message.timeout_ms, 30'000U);
    auto message = request("helper");
    message.body = "question";
    const auto id = caller.send(message);
    const auto delivery = server.receive();
    EXPECT_EQ(delivery->kind(), Kind::request);
    EXPECT_EQ(delivery->message.to, "helper");
    EXPECT_EQ(delivery->message.from, "outside");
    EXPECT_EQ(delivery->message.subject, "work");
    EXPECT_EQ(delivery->message.flags, 0);
    EXPECT_EQ(delivery->message.number, 1U);
    EXPECT_GT(delivery->message.timeout_ms, 0U);
    EXPECT_EQ(delivery->body(), "question");
    server.settle(Kind::reply, delivery->message.id, "answer");
    const auto got = caller.receive();
    EXPECT_TRUE(same(got->message.correlation, id));
    EXPECT_EQ(got->message.from, "helper");
    EXPECT_EQ(got->body(), "answer");
    EXPECT_TRUE(gateway_->serves("helper"));
    EXPECT_FALSE(gateway_->serves("other"));
}

TEST_F(GatewayServing, ProgramThatServesSpeaksUnderItsName) {
    std::string from;
    const TestAgent agent(*bus_, "probe",
                          [&](Lane& lane, const noa_message& message, noa_delivery delivery) {
                              from = view(message.from);
                              return reply_with(lane, delivery, "seen");
                          });
    open();
    const Client server(dir_);
    static_cast<void>(server.serve("helper"));
    EXPECT_EQ(server.call("probe", "x")->body(), "seen");
    EXPECT_EQ(from, "helper");
}

TEST_F(GatewayServing, EachWayToSettleIsUnderstood) {
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper"));
    caller.send(request("helper"));
    server.settle(Kind::ack, server.receive()->message.id);
    auto got = caller.receive();
    EXPECT_EQ(got->kind(), Kind::reply);
    EXPECT_EQ(got->body(), "");
    caller.send(request("helper"));
    auto error = make(Kind::error);
    error.correlation = server.receive()->message.id;
    error.status = NOA_E_FAILED;
    error.body = "too bad";
    server.send(error);
    got = caller.receive();
    EXPECT_EQ(got->message.status, NOA_E_FAILED);
    EXPECT_EQ(got->body(), "too bad");
    caller.send(request("helper"));
    auto again = make(Kind::retry);
    again.correlation = server.receive()->message.id;
    again.timeout_ms = 1;
    server.send(again);
    const auto second = server.receive();
    EXPECT_TRUE(same(second->message.id, again.correlation));
    EXPECT_EQ(second->message.number, 2U);
    EXPECT_EQ(second->message.flags & wire::flag_redelivered, wire::flag_redelivered);
    server.settle(Kind::reply, second->message.id, "at last");
    EXPECT_EQ(caller.receive()->body(), "at last");
}

TEST_F(GatewayServing, SettlingWhatIsNotOpenIsRetired) {
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper"));
    const auto never_made = make_id();
    server.settle(Kind::reply, never_made, "?");
    auto got = server.receive();
    EXPECT_EQ(got->message.status, NOA_E_RETIRED);
    EXPECT_TRUE(same(got->message.correlation, never_made));
    caller.send(request("helper"));
    const auto delivery = server.receive();
    const Client thief(dir_);
    thief.settle(Kind::reply, delivery->message.id, "forged");
    EXPECT_EQ(thief.receive()->message.status, NOA_E_RETIRED);
    server.settle(Kind::reply, delivery->message.id, "true");
    server.settle(Kind::reply, delivery->message.id, "twice");
    EXPECT_EQ(server.receive()->message.status, NOA_E_RETIRED);
    EXPECT_EQ(caller.receive()->body(), "true");
    EXPECT_EQ(count("unknown_settlements"), 3U);
}

TEST_F(GatewayServing, ErrorWithAStatusThatIsNoneLeavesTheDeliveryOpen) {
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper"));
    caller.send(request("helper"));
    const auto id = server.receive()->message.id;
    for (const std::int32_t status : {0, 1, int{NOA_E_RETRY}, -17, INT32_MIN, INT32_MAX}) {
        auto error = make(Kind::error);
        error.correlation = id;
        error.status = status;
        server.send(error);
        EXPECT_EQ(server.receive()->message.status, NOA_E_INVALID) << status;
    }
    server.settle(Kind::reply, id, "still");
    EXPECT_EQ(caller.receive()->body(), "still");
}

TEST_F(GatewayServing, CreditBoundsWhatIsWithTheProgram) {
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper", 2));
    for (int i = 0; i < 4; ++i) {
        caller.send(request("helper"));
    }
    const auto first = server.receive();
    const auto second = server.receive();
    EXPECT_EQ(server.ping(), NOA_OK); // the pong comes, no third delivery before it
    server.settle(Kind::ack, first->message.id);
    const auto third = server.receive();
    EXPECT_EQ(third->kind(), Kind::request);
    auto more = make(Kind::credit);
    more.number = 1;
    server.send(more);
    EXPECT_EQ(server.receive()->kind(), Kind::request);
    more.number = 1024;
    more.id = make_id();
    EXPECT_EQ(server.ask(more)->message.status, NOA_E_INVALID);
}

TEST_F(GatewayServing, TermsAndNamesAreChecked) {
    const TestAgent agent(*bus_, "cache", echo);
    options_.may_serve = [](std::string_view name) { return name != "planned"; };
    open();
    const Client one(dir_);
    const Client two(dir_);
    for (const auto* name : {"cache", "host", "outside", "planned"}) {
        EXPECT_EQ(one.serve(name)->message.status, NOA_E_DENIED) << name;
        EXPECT_FALSE(gateway_->serves(name));
    }
    EXPECT_EQ(one.serve("")->message.status, NOA_E_INVALID);
    EXPECT_EQ(one.serve("Bad Name")->message.status, NOA_E_INVALID);
    EXPECT_EQ(one.serve("helper", 0)->message.status, NOA_E_INVALID);
    EXPECT_EQ(one.serve("helper", 1025)->message.status, NOA_E_INVALID);
    EXPECT_EQ(one.serve("helper", 1, 999)->message.status, NOA_E_INVALID);
    EXPECT_EQ(one.serve("helper", 1, 300'001)->message.status, NOA_E_INVALID);
    EXPECT_EQ(one.serve("helper", 1, 5000)->kind(), Kind::accepted);
    EXPECT_EQ(one.serve("helper", 9, 9000)->message.number, 9U);
    EXPECT_EQ(one.serve("second")->message.status, NOA_E_STATE);
    const auto busy = two.serve("helper");
    EXPECT_EQ(busy->message.status, NOA_E_BUSY);
    EXPECT_GT(busy->message.timeout_ms, 0U);
    EXPECT_LE(busy->message.timeout_ms, 9000U);
}

TEST_F(GatewayServing, NumbersOfAgentsAndNamesAreBounded) {
    options_.max_agents = 2;
    options_.max_names = 3;
    options_.outside_grace_ns = 0;
    open();
    const Client one(dir_);
    const Client two(dir_);
    const Client three(dir_);
    EXPECT_EQ(one.serve("a")->kind(), Kind::accepted);
    EXPECT_EQ(two.serve("b")->kind(), Kind::accepted);
    EXPECT_EQ(three.serve("c")->message.status, NOA_E_BUSY);
    const auto leave = [&](const Client& client, const char* name) {
        auto message = make(Kind::leave);
        message.flags = wire::flag_want_receipt;
        static_cast<void>(client.ask(message));
        pass(1);
        while (gateway_->serves(name)) {
            static_cast<void>(client.ping());
        }
    };
    leave(one, "a");
    EXPECT_EQ(three.serve("c")->kind(), Kind::accepted);
    leave(two, "b");
    EXPECT_EQ(two.serve("d")->message.status, NOA_E_BUSY); // a fourth name
    EXPECT_EQ(two.serve("a")->kind(), Kind::accepted);     // one of the three
}

TEST_F(GatewayServing, UnsettledDeliveriesComeAgainToTheNextProgramInOrder) {
    open();
    const Client caller(dir_);
    const Client second(dir_);
    {
        const Client first(dir_);
        static_cast<void>(first.serve("helper", 2));
        for (const auto* body : {"1", "2", "3"}) {
            auto message = request("helper");
            message.body = body;
            message.timeout_ms = 1'000'000;
            caller.send(message);
        }
        EXPECT_EQ(first.receive()->body(), "1");
        EXPECT_EQ(first.receive()->body(), "2");
    }
    pass(31);
    while (count("leases_expired") == 0) {
        static_cast<void>(second.ping());
    }
    EXPECT_EQ(caller.call("helper", "work")->message.status, NOA_E_UNAVAILABLE);
    EXPECT_EQ(second.serve("helper")->kind(), Kind::accepted);
    for (const auto* body : {"1", "2", "3"}) {
        const auto delivery = second.receive();
        EXPECT_EQ(delivery->body(), body);
        const bool seen = body[0] != '3';
        EXPECT_EQ((delivery->message.flags & wire::flag_redelivered) != 0, seen);
        EXPECT_EQ(delivery->message.number, seen ? 2U : 1U);
        second.settle(Kind::reply, delivery->message.id, body);
        EXPECT_EQ(caller.receive()->body(), body);
    }
}

TEST_F(GatewayServing, WhatIsLeftAfterTheGraceIsSettledAsUnavailable) {
    open();
    const Client caller(dir_);
    const Client server(dir_);
    static_cast<void>(server.serve("helper", 1));
    auto message = request("helper");
    message.timeout_ms = 1'000'000;
    caller.send(message);
    message.id = make_id();
    caller.send(message);
    const auto delivery = server.receive();
    auto leave = make(Kind::leave);
    leave.flags = wire::flag_want_receipt;
    EXPECT_EQ(server.ask(leave)->kind(), Kind::accepted);
    server.settle(Kind::reply, delivery->message.id, "too late");
    EXPECT_EQ(server.receive()->message.status, NOA_E_RETIRED);
    pass(61);
    for (int i = 0; i < 2; ++i) {
        const auto got = caller.receive();
        EXPECT_EQ(got->kind(), Kind::error);
        EXPECT_EQ(got->message.status, NOA_E_UNAVAILABLE);
    }
    while (gateway_->serves("helper")) {
        static_cast<void>(caller.ping());
    }
    EXPECT_EQ(caller.call("helper", "work")->message.status, NOA_E_NO_AGENT);
    EXPECT_EQ(server.serve("helper")->kind(), Kind::accepted);
}

TEST_F(GatewayServing, ProgramThatDisconnectedIsNoticedWhenSomethingIsSentToIt) {
    open();
    const Client caller(dir_);
    {
        const Client first(dir_);
        static_cast<void>(first.serve("helper"));
    }
    // Whether the first message still meets the old connection is a race; the second does not.
    while (count("unreachable") == 0) {
        auto message = request("helper");
        message.flags = wire::flag_no_reply | wire::flag_want_receipt;
        static_cast<void>(caller.ask(message));
    }
    const Client second(dir_);
    auto answer = second.serve("helper");
    while (answer->kind() == Kind::error) { // the name is free at the end of that turn
        answer = second.serve("helper");
    }
    EXPECT_EQ(answer->kind(), Kind::accepted);
    EXPECT_EQ(second.receive()->message.subject, "work");
}

TEST_F(GatewayServing, SubscriptionOfTheAgentBringsEventsToSettle) {
    open();
    const Client server(dir_);
    static_cast<void>(server.serve("helper"));
    EXPECT_EQ(server.subscribe("news.*", "helper")->kind(), Kind::accepted);
    const Client writer(dir_);
    auto event = make(Kind::publish);
    event.subject = "news.today";
    event.body = "sun";
    writer.send(event);
    const auto got = server.receive();
    EXPECT_EQ(got->kind(), Kind::event);
    EXPECT_EQ(got->message.to, "helper");
    EXPECT_EQ(got->body(), "sun");
    server.settle(Kind::ack, got->message.id);
    auto stop = make(Kind::unsubscribe);
    stop.flags = wire::flag_want_receipt;
    stop.subject = "news.*";
    stop.to = "helper";
    EXPECT_EQ(server.ask(stop)->kind(), Kind::accepted);
}

TEST_F(GatewayServing, HostAnswersForTheProgramWhoItIs) {
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper", 7, 9000));
    const auto health = nlohmann::json::parse(caller.call("helper", "health")->body());
    EXPECT_EQ(health.at("status"), "healthy");
    EXPECT_EQ(health.at("outside"), true);
    EXPECT_EQ(health.at("lease_ms"), 9000);
    const auto metrics = nlohmann::json::parse(caller.call("helper", "metrics")->body());
    EXPECT_EQ(metrics.at("credit"), 7);
    EXPECT_TRUE(
        nlohmann::json::parse(caller.call("helper", "describe")->body()).contains("operations"));
}

TEST_F(GatewayServing, LargeDeliveriesAndRepliesArriveWhole) {
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper"));
    const std::string body(3'000'000, 'L');
    auto message = request("helper");
    message.body = body;
    caller.send(message);
    const auto delivery = server.receive();
    EXPECT_TRUE(delivery->body() == body);
    server.settle(Kind::reply, delivery->message.id, body);
    EXPECT_TRUE(caller.receive()->body() == body);
}

TEST_F(GatewayServing, ManyCallsKeepTheirOrder) {
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper", 64));
    constexpr int calls = 2000;
    for (int i = 0; i < calls; ++i) {
        const auto body = std::to_string(i);
        auto message = request("helper");
        message.body = body;
        caller.send(message);
    }
    for (int i = 0; i < calls; ++i) {
        const auto delivery = server.receive();
        ASSERT_EQ(delivery->body(), std::to_string(i));
        server.settle(Kind::reply, delivery->message.id, delivery->body());
    }
    for (int i = 0; i < calls; ++i) {
        ASSERT_EQ(caller.receive()->body(), std::to_string(i));
    }
}

TEST_F(GatewayServing, StopSettlesWhatWaits) {
    TestAgent asker(*bus_, "asker", echo);
    open();
    const Client server(dir_);
    static_cast<void>(server.serve("helper"));
    noa_outgoing out{};
    out.struct_size = sizeof out;
    out.to_name = to_str("helper");
    out.subject = to_str("work");
    EXPECT_EQ(asker.lane().send(out, nullptr), NOA_OK);
    static_cast<void>(server.receive());
    gateway_->stop();
    auto& inbox = bus_->routes().find("helper")->inbox();
    EXPECT_EQ(inbox.depth(), 0U);
    EXPECT_EQ(inbox.counters().dead.get(), 1U);
    EXPECT_EQ(asker.lane().send(out, nullptr), NOA_E_NO_AGENT);
}

} // namespace
} // namespace noa::bus::test
