#include "control/peer.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include <gmock/gmock.h>

#include "base/unique_fd.hpp"

namespace noa::control {
namespace {

using testing::HasSubstr;

AccessPolicy policy() {
    return {200, "noa", 300};
}

struct Case {
    const char* who;
    Peer peer;
    Right right;
};

class Permission : public testing::TestWithParam<Case> {};

TEST_P(Permission, IsByUidAndGroup) {
    EXPECT_EQ(right_of(GetParam().peer, policy()), GetParam().right);
    EXPECT_TRUE(check_access(GetParam().peer, policy(), Right::read, "status"));
    EXPECT_EQ(check_access(GetParam().peer, policy(), Right::full, "stop").has_value(),
              GetParam().right == Right::full);
}

INSTANTIATE_TEST_SUITE_P(Table, Permission,
                         testing::Values(Case{"root", {0, 0, 1, {}}, Right::full},
                                         Case{"host", {200, 200, 1, {}}, Right::full},
                                         Case{"primary", {7, 300, 1, {}}, Right::full},
                                         Case{"member", {7, 7, 1, {1, 300, 5}}, Right::full},
                                         Case{"other", {7, 7, 1, {1, 5}}, Right::read},
                                         Case{"root_group", {7, 0, 1, {0}}, Right::read}),
                         [](const auto& each) { return std::string(each.param.who); });

TEST(Permission, WithoutTheGroupOnlyRootAndTheHostRemain) {
    const AccessPolicy none{200, "noa", std::nullopt};
    EXPECT_EQ(right_of({7, 0, 1, {0, 300}}, none), Right::read);
    EXPECT_EQ(right_of({200, 7, 1, {}}, none), Right::full);
}

TEST(Permission, DenialNamesTheUidAndWhatItTakes) {
    const auto denied = check_access({1234, 7, 1, {}}, policy(), Right::full, "stop");
    ASSERT_FALSE(denied);
    EXPECT_EQ(denied.error().code, Errc::denied);
    EXPECT_THAT(denied.error().text(), HasSubstr("uid 1234"));
    EXPECT_THAT(denied.error().text(), HasSubstr("the group noa"));
    EXPECT_THAT(denied.error().text(), HasSubstr("uid 200"));
}

TEST(PeerOf, IsWhoConnected) {
    std::array<int, 2> pair{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()), 0);
    const UniqueFd one(pair[0]);
    const UniqueFd other(pair[1]);
    const auto peer = peer_of(one.get());
    ASSERT_TRUE(peer);
    EXPECT_EQ(peer->uid, ::geteuid());
    EXPECT_EQ(peer->gid, ::getegid());
    EXPECT_EQ(peer->pid, ::getpid());
    std::vector<gid_t> groups(static_cast<std::size_t>(std::max(0, ::getgroups(0, nullptr))));
    ::getgroups(static_cast<int>(groups.size()), groups.data());
    EXPECT_THAT(peer->groups, testing::UnorderedElementsAreArray(groups));
}

TEST(PeerOf, WhatIsNoSocketHasNone) {
    EXPECT_FALSE(peer_of(-1));
}

TEST(AccessPolicy, OfThisProcess) {
    EXPECT_EQ(AccessPolicy::of_this_process("root").group_id, gid_t{0});
    EXPECT_EQ(AccessPolicy::of_this_process("no-such-group-here").group_id, std::nullopt);
    EXPECT_EQ(AccessPolicy::of_this_process("").group_id, std::nullopt);
    EXPECT_EQ(AccessPolicy::of_this_process("").host_uid, ::geteuid());
}

} // namespace
} // namespace noa::control
