// Whether what a program sends is part of handling something: it has to hold that.
#include "gateway_rig.hpp"

namespace noa::bus::test {
namespace {

using wire::Kind;

class GatewayHops : public GatewayTest {
protected:
    static wire::Message request(std::string_view to, std::string_view subject = "work") {
        auto message = make(Kind::request);
        message.to = to;
        message.subject = subject;
        return message;
    }
};

TEST_F(GatewayHops, WhatAHeldDeliveryLedToCountsItsHopsAndNoClaimDoes) {
    std::uint32_t hops = 99;
    const TestAgent agent(*bus_, "probe",
                          [&](Lane& lane, const noa_message& message, noa_delivery delivery) {
                              hops = message.hops;
                              return reply_with(lane, delivery, "");
                          });
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper"));
    caller.send(request("helper"));
    const auto held = server.receive()->message.id;
    auto because = request("probe");
    because.correlation = held;
    because.hops = 200;
    EXPECT_EQ(server.ask(because)->kind(), Kind::reply);
    EXPECT_EQ(hops, 1U);
    because.id = make_id();
    EXPECT_EQ(caller.ask(because)->kind(), Kind::reply);
    EXPECT_EQ(hops, 0U) << "not its delivery";
    auto claim = request("probe");
    claim.hops = 7;
    EXPECT_EQ(server.ask(claim)->kind(), Kind::reply);
    EXPECT_EQ(hops, 0U) << "no delivery is named";
    server.settle(Kind::ack, held);
    because.id = make_id();
    EXPECT_EQ(server.ask(because)->kind(), Kind::reply);
    EXPECT_EQ(hops, 0U) << "settled before";
}

TEST_F(GatewayHops, LoopsThroughAProgramEndByTheHopLimit) {
    bus_ = std::move(*Bus::open({.max_hops = 4}));
    const TestAgent relay(*bus_, "relay", [](Lane& lane, const noa_message& message, noa_delivery) {
        noa_outgoing on{};
        on.struct_size = sizeof on;
        on.to_name = to_str("helper");
        on.subject = message.subject;
        return lane.send(on, nullptr);
    });
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper"));
    caller.send(request("helper"));
    std::vector<int> hops;
    while (true) {
        const auto delivery = server.receive();
        hops.push_back(delivery->message.hops);
        auto on = request("relay");
        on.flags = wire::flag_no_reply | wire::flag_want_receipt;
        on.correlation = delivery->message.id;
        const auto id = server.send(on);
        const auto got = server.receive();
        ASSERT_TRUE(same(got->message.correlation, id));
        if (got->kind() == Kind::error) {
            EXPECT_EQ(got->message.status, NOA_E_LOOP);
            break;
        }
        server.settle(Kind::ack, delivery->message.id);
        ASSERT_LT(hops.size(), 10U);
    }
    EXPECT_EQ(hops, (std::vector<int>{0, 2, 4}));
}

TEST_F(GatewayHops, RoomKeptForNestedMessagesIsNotForWhoeverClaimsIt) {
    TestAgent slow(*bus_, "slow",
                   [](Lane&, const noa_message&, noa_delivery) { return NOA_DEFERRED; });
    slow.inbox().set_limit(2);
    open();
    const Client server(dir_);
    const Client caller(dir_);
    static_cast<void>(server.serve("helper"));
    auto note = request("slow");
    note.flags = wire::flag_no_reply | wire::flag_want_receipt;
    note.hops = 5;
    const auto accepted = [&] {
        note.id = make_id();
        return server.ask(note)->kind() == Kind::accepted;
    };
    EXPECT_TRUE(accepted());
    EXPECT_TRUE(accepted());
    EXPECT_FALSE(accepted());
    caller.send(request("helper"));
    note.correlation = server.receive()->message.id;
    EXPECT_TRUE(accepted());
    EXPECT_TRUE(accepted());
    EXPECT_FALSE(accepted()) << "that room is bounded too";
}

} // namespace
} // namespace noa::bus::test
