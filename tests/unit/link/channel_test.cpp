#include "link/channel.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "link/sealed.hpp"

namespace noa::link {
namespace {

class ChannelTest : public ::testing::Test {
protected:
    ChannelTest() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        raw_ = ends[0];
        sender_.emplace(UniqueFd(ends[0]));
        receiver_.emplace(UniqueFd(ends[1]));
    }
    bool put(std::uint32_t number) {
        return sender_->put(Kind::pong, [&](Writer& out) { out.number(number); });
    }
    void write_raw(std::string_view bytes) const {
        EXPECT_EQ(::write(raw_, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    }
    // The next frame, read as far as it takes.
    std::optional<Frame> next() {
        while (true) {
            if (auto frame = receiver_->next()) {
                return frame;
            }
            if (receiver_->receive() != Channel::Got::some) {
                return std::nullopt;
            }
        }
    }
    int raw_ = -1; // the sender's socket
    std::optional<Channel> sender_;
    std::optional<Channel> receiver_;
};

TEST_F(ChannelTest, FramesArriveInOrderHoweverTheyAreCut) {
    std::string bytes;
    std::vector<UniqueFd> none;
    for (std::uint32_t i = 0; i < 3; ++i) {
        Writer writer(bytes, none, Kind::pong);
        writer.number(i);
        ASSERT_TRUE(writer.finish());
    }
    std::uint32_t expected = 0;
    for (const char byte : bytes) {
        write_raw({&byte, 1});
        ASSERT_EQ(receiver_->receive(), Channel::Got::some);
        while (auto frame = receiver_->next()) {
            EXPECT_EQ(Reader(frame->payload).number<std::uint32_t>(), expected++);
        }
    }
    EXPECT_EQ(expected, 3U);
    EXPECT_EQ(receiver_->receive(), Channel::Got::nothing);
}

TEST_F(ChannelTest, EachFrameGetsItsOwnDescriptors) {
    for (std::uint32_t i = 0; i < 20; ++i) {
        ASSERT_TRUE(sender_->put(Kind::deliver, [&](Writer& out) {
            out.number(i);
            if (i % 3 == 0) {
                const std::string body(inline_max + 1 + i, 'x');
                out.body(body.data(), body.size());
            }
        }));
    }
    ASSERT_EQ(sender_->send(true), Channel::Sent::all);
    for (std::uint32_t i = 0; i < 20; ++i) {
        auto frame = next();
        ASSERT_TRUE(frame);
        Reader in(frame->payload);
        EXPECT_EQ(in.number<std::uint32_t>(), i);
        const auto memory = frame->take_descriptor();
        EXPECT_EQ(static_cast<bool>(memory), i % 3 == 0);
        if (memory) {
            EXPECT_TRUE(is_sealed(memory.get(), inline_max + 1 + i));
        }
        EXPECT_FALSE(frame->take_descriptor());
    }
}

TEST_F(ChannelTest, WhatDoesNotFitWaitsAndGoesOn) {
    std::uint32_t sent = 0;
    Channel::Sent state = Channel::Sent::all;
    while (state == Channel::Sent::all) {
        for (int i = 0; i < 1000; ++i) {
            ASSERT_TRUE(put(sent++));
        }
        state = sender_->send(false);
    }
    ASSERT_EQ(state, Channel::Sent::blocked);
    EXPECT_GT(sender_->waiting(), 0U);
    for (std::uint32_t i = 0; i < sent; ++i) {
        auto frame = next();
        if (!frame) {
            ASSERT_NE(sender_->send(false), Channel::Sent::broken);
            frame = next();
        }
        ASSERT_TRUE(frame);
        EXPECT_EQ(Reader(frame->payload).number<std::uint32_t>(), i);
    }
    EXPECT_EQ(sender_->send(false), Channel::Sent::all);
    EXPECT_EQ(sender_->waiting(), 0U);
}

TEST_F(ChannelTest, AClosedEndIsToldToBothSides) {
    ASSERT_TRUE(put(1));
    ASSERT_EQ(sender_->send(true), Channel::Sent::all);
    sender_.reset();
    EXPECT_TRUE(next());
    EXPECT_EQ(receiver_->receive(), Channel::Got::ended);
    ASSERT_TRUE(receiver_->put(Kind::ping, [](Writer&) {}));
    EXPECT_EQ(receiver_->send(true), Channel::Sent::broken);
}

class ChannelGarbage : public ChannelTest, public ::testing::WithParamInterface<std::string> {};

TEST_P(ChannelGarbage, IsComplainedOfAndNothingOfItIsHandedOn) {
    write_raw(GetParam());
    ASSERT_EQ(receiver_->receive(), Channel::Got::some);
    EXPECT_FALSE(receiver_->next());
    EXPECT_FALSE(receiver_->complaint().empty());
    EXPECT_FALSE(receiver_->next());
}

INSTANTIATE_TEST_SUITE_P(
    Each, ChannelGarbage,
    ::testing::Values(std::string("\xff\xff\xff\xff\x01\x00\x00\x00", 8), // a payload too large
                      std::string("\x00\x00\x00\x00\x01\x03\x00\x00", 8), // too many descriptors
                      std::string("\x00\x00\x00\x00\x01\x01\x00\x00", 8), // that did not come
                      std::string("\x00\x00\x00\x00\x01\x00\x01\x00", 8), // not zero
                      std::string("GET / HTTP/1.1\r\n\r\n")));

// Descriptors without frames: they are closed, and their sender is found out.
TEST_F(ChannelTest, MoreDescriptorsThanFramesCanHaveAreGarbage) {
    const UniqueFd given(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    auto got = Channel::Got::nothing;
    for (int i = 0; i < 100 && got != Channel::Got::broken; ++i) {
        char byte = 0;
        iovec piece{&byte, 1};
        alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
        msghdr message{};
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        auto* head = CMSG_FIRSTHDR(&message);
        *head = cmsghdr{CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        const int fd = given.get();
        std::memcpy(CMSG_DATA(head), &fd, sizeof fd);
        ASSERT_EQ(::sendmsg(raw_, &message, 0), 1);
        got = receiver_->receive();
    }
    EXPECT_EQ(got, Channel::Got::broken);
    EXPECT_FALSE(receiver_->complaint().empty());
}

} // namespace
} // namespace noa::link
