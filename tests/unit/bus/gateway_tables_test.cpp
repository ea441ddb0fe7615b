#include <cstring>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/ids.hpp"
#include "bus/gateway_bodies.hpp"
#include "bus/gateway_peers.hpp"
#include "bus/gateway_pending.hpp"

namespace noa::bus {
namespace {

OpenRequest request_of(std::uint64_t peer, std::int64_t deadline_ns = 100) {
    return {make_id(), deadline_ns, peer, 0};
}

TEST(GatewayPending, TokenFindsItsRequestOnce) {
    Pending pending(10);
    const auto request = request_of(1);
    const auto token = pending.add(request);
    const auto taken = pending.take(token);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->peer, 1U);
    EXPECT_FALSE(pending.take(token));
    EXPECT_FALSE(pending.take(0));
    EXPECT_FALSE(pending.take(~0ULL));
}

TEST(GatewayPending, IdIsADuplicateForTheSamePeerOnly) {
    Pending pending(10);
    auto request = request_of(1);
    const auto token = pending.add(request);
    EXPECT_EQ(pending.add(request), Pending::duplicate);
    request.peer = 2;
    EXPECT_NE(pending.add(request), Pending::duplicate);
    EXPECT_TRUE(pending.take(token));
    request.peer = 1;
    EXPECT_NE(pending.add(request), Pending::duplicate);
}

TEST(GatewayPending, IsBounded) {
    Pending pending(3);
    for (int i = 0; i < 3; ++i) {
        EXPECT_NE(pending.add(request_of(1)), Pending::full);
    }
    EXPECT_EQ(pending.add(request_of(1)), Pending::full);
}

TEST(GatewayPending, LateAnswerNeverMeetsAStranger) {
    Pending pending(1);
    const auto old = pending.add(request_of(1));
    EXPECT_TRUE(pending.take(old));
    const auto next = pending.add(request_of(2));
    EXPECT_FALSE(pending.take(old));
    EXPECT_TRUE(pending.take(next));
}

TEST(GatewayPending, ManyComeAndGoWithoutMixingUp) {
    Pending pending(20'000);
    std::map<std::uint64_t, noa_id> open;
    for (int i = 0; i < 20'000; ++i) {
        const auto request = request_of(static_cast<std::uint64_t>(i % 7));
        const auto token = pending.add(request);
        ASSERT_TRUE(open.emplace(token, request.id).second);
        if (i % 3 == 0) {
            const auto first = open.begin();
            const auto taken = pending.take(first->first);
            ASSERT_TRUE(taken);
            EXPECT_EQ(std::memcmp(taken->id.bytes, first->second.bytes, 16), 0);
            open.erase(first);
        }
    }
    for (const auto& [token, id] : open) {
        ASSERT_TRUE(pending.take(token));
    }
    EXPECT_EQ(pending.count(), 0U);
}

TEST(GatewayPending, ExpiryTakesWhatIsPastItsDeadline) {
    Pending pending(10);
    EXPECT_EQ(pending.earliest(), Pending::never);
    static_cast<void>(pending.add(request_of(1, 200)));
    static_cast<void>(pending.add(request_of(2, 100)));
    static_cast<void>(pending.add(request_of(3, 300)));
    EXPECT_EQ(pending.earliest(), 100);
    std::set<std::uint64_t> gone;
    pending.take_expired(200, [&](const OpenRequest& request) { gone.insert(request.peer); });
    EXPECT_EQ(gone, (std::set<std::uint64_t>{1, 2}));
    EXPECT_EQ(pending.earliest(), 300);
}

TEST(GatewayPending, WhatIsOverForAnotherReasonCanBeTakenOut) {
    Pending pending(10);
    for (std::uint64_t peer = 1; peer <= 6; ++peer) {
        static_cast<void>(pending.add(request_of(peer, static_cast<std::int64_t>(100 * peer))));
    }
    pending.take_if([](const OpenRequest& request) { return request.peer % 2 == 1; });
    EXPECT_EQ(pending.count(), 3U);
    EXPECT_EQ(pending.earliest(), 200);
    pending.take_if([](const OpenRequest&) { return true; });
    EXPECT_EQ(pending.count(), 0U);
    EXPECT_EQ(pending.earliest(), Pending::never);
}

TEST(GatewayPeers, SamePeerIsMetAgainAfterOthers) {
    PeerTable peers(100);
    std::map<std::string, std::uint64_t> serials;
    for (int i = 0; i < 100; ++i) {
        const auto id = "peer" + std::to_string(i);
        serials[id] = peers.meet(id, i)->serial;
    }
    for (const auto& [id, serial] : serials) {
        EXPECT_EQ(peers.meet(id, 1000)->serial, serial);
    }
    EXPECT_EQ(peers.count(), 100U);
}

TEST(GatewayPeers, OthersAreStillFoundWhenSomeAreDropped) {
    PeerTable peers(64);
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 64; ++i) {
            ASSERT_NE(peers.meet(std::to_string(i), round), nullptr);
        }
        std::map<int, std::uint64_t> kept;
        for (int i = 0; i < 64; ++i) {
            Peer* peer = peers.meet(std::to_string(i), round);
            if ((i + round) % 3 == 0) {
                peers.drop(*peer);
            } else {
                kept[i] = peer->serial;
            }
        }
        for (const auto& [i, serial] : kept) {
            EXPECT_EQ(peers.meet(std::to_string(i), round)->serial, serial);
        }
    }
}

TEST(GatewayPeers, FullTableForgetsTheIdleThatWereSilentLongest) {
    PeerTable peers(4);
    Peer* busy = peers.meet("busy", 1);
    busy->open_requests = 1;
    const auto old = peers.meet("old", 2)->serial;
    const auto young = peers.meet("young", 4)->serial;
    static_cast<void>(peers.meet("middle", 3));
    ASSERT_NE(peers.meet("new", 5), nullptr);
    EXPECT_EQ(peers.meet("young", 6)->serial, young);
    EXPECT_EQ(peers.at(busy->index, 1), busy);
    EXPECT_NE(peers.meet("old", 7)->serial, old);
}

TEST(GatewayPeers, TableOfBusyOnesTakesNobody) {
    PeerTable peers(2);
    peers.meet("a", 1)->open_requests = 1;
    peers.meet("b", 1)->patterns.emplace_back("x");
    EXPECT_EQ(peers.meet("c", 2), nullptr);
}

TEST(GatewayPeers, LeaseRunsFromTheLastWord) {
    PeerTable peers(4);
    Peer* peer = peers.meet("a", 100);
    peers.lease(*peer, 50);
    EXPECT_EQ(peers.earliest(), 150);
    static_cast<void>(peers.meet("a", 140));
    EXPECT_TRUE(peers.silent(150).empty());
    EXPECT_EQ(peers.earliest(), 190);
    EXPECT_EQ(peers.silent(190), std::vector<Peer*>{peer});
}

BlockRef body_of(std::size_t bytes) {
    return BlockRef(Block::make_single(bytes));
}

TEST(GatewayBodies, RoomComesBackWhenNobodyElseUsesABody) {
    HeldBodies held(1000);
    auto in_use = body_of(600);
    held.add(in_use.share(), 600, 0);
    EXPECT_FALSE(held.has_room(600, 1'000'000'000));
    in_use.reset();
    EXPECT_TRUE(held.has_room(600, 2'000'000'000));
    EXPECT_EQ(held.bytes(), 0U);
    EXPECT_EQ(held.due(), HeldBodies::never);
}

TEST(GatewayBodies, WhatStaysIsAskedForEverLessOften) {
    HeldBodies held(1000);
    auto in_use = body_of(10);
    held.add(in_use.share(), 10, 0);
    const auto first = held.due();
    held.sweep(first);
    const auto second = held.due();
    held.sweep(second);
    EXPECT_GT(held.due() - second, second - first);
    EXPECT_EQ(held.bytes(), 10U);
}

TEST(GatewayPeers, ThoseThatOnlyWaitAreListedTheLongestSilentFirst) {
    PeerTable peers(100);
    for (int i = 0; i < 6; ++i) {
        peers.meet(std::to_string(i), 100 - i)->open_requests = 1;
    }
    peers.lease(*peers.meet("0", 200), 1000);
    peers.meet("1", 200)->gone = true;
    peers.meet("2", 200)->overflowed = true;
    peers.meet("idle", 0)->open_requests = 0;
    std::vector<std::string> names;
    for (const Peer* peer : peers.waiting()) {
        names.push_back(peer->routing_id);
    }
    EXPECT_EQ(names, (std::vector<std::string>{"5", "4", "3"}));
}

} // namespace
} // namespace noa::bus
