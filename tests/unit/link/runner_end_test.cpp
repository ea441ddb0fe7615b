#include <sys/eventfd.h>

#include <gtest/gtest.h>

#include "runner/link_end.hpp"

namespace noa::runner {
namespace {

using link::Kind;

class RunnerEndTest : public ::testing::Test {
protected:
    RunnerEndTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        host_.emplace(UniqueFd(ends[0]));
        end_.emplace(UniqueFd(ends[1]), UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
    }
    void send(Kind kind, std::uint64_t number) {
        EXPECT_TRUE(host_->put(kind, [&](link::Writer& out) { out.number(number); }));
        EXPECT_EQ(host_->send(true), link::Channel::Sent::all);
    }
    static std::uint64_t number_in(const LinkEnd::Arrived& arrived) {
        link::Reader in(arrived.payload);
        return in.number<std::uint64_t>();
    }
    std::optional<link::Channel> host_;
    std::optional<LinkEnd> end_;
};

TEST_F(RunnerEndTest, WhoIsAtRestWaitsForWhatTheHostWantsAndNotForMessages) {
    send(Kind::deliver, 1);
    end_->wait(LinkEnd::never); // it is there
    send(Kind::call, 2);
    end_->wait(LinkEnd::never, true);
    ASSERT_TRUE(end_->next_control());
    EXPECT_TRUE(end_->next_message());
}

TEST_F(RunnerEndTest, RepliesCanBeTakenBeforeTheMessagesThatWait) {
    for (const auto& [kind, number] : {std::pair(Kind::deliver, 1U),
                                       {Kind::on_reply, 2U},
                                       {Kind::deliver, 3U},
                                       {Kind::on_reply, 4U}}) {
        send(kind, number);
    }
    end_->wait(LinkEnd::never);
    for (const auto number : {2U, 4U}) {
        const auto reply = end_->next_reply();
        ASSERT_TRUE(reply);
        EXPECT_EQ(number_in(*reply), number);
    }
    EXPECT_FALSE(end_->next_reply());
    for (const auto number : {1U, 3U}) {
        const auto message = end_->next_message();
        ASSERT_TRUE(message);
        EXPECT_EQ(number_in(*message), number);
    }
}

} // namespace
} // namespace noa::runner
