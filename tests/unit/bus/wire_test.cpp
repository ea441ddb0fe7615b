#include "bus/wire.hpp"

#include <string>

#include <gtest/gtest.h>

#include "gateway_rig.hpp"

namespace noa::bus::test {
namespace {

using wire::Fault;

Fault read(const std::string& first, wire::Message& out) {
    return wire::decode(std::as_bytes(std::span(first)), {}, false, out);
}

Fault read(const std::string& first) {
    wire::Message out;
    return read(first, out);
}

wire::Message full() {
    auto message = make(wire::Kind::request);
    message.flags = 5;
    message.priority = 1;
    message.hops = 2;
    message.correlation = make_id();
    message.status = -5;
    message.timeout_ms = 0x01020304;
    message.number = 0xfffefdfc;
    message.to = "cache";
    message.from = "me";
    message.subject = "get.it";
    message.content_type = "text/plain";
    message.traceparent = "00-11";
    message.body = "the body";
    return message;
}

TEST(Wire, WhatIsWrittenIsReadBack) {
    const auto sent = full();
    const auto frame = encode(sent);
    wire::Message got;
    ASSERT_EQ(read(frame, got), Fault::none);
    EXPECT_EQ(got.kind, sent.kind);
    EXPECT_EQ(got.flags, 5);
    EXPECT_EQ(got.priority, 1);
    EXPECT_EQ(got.hops, 2);
    EXPECT_TRUE(same(got.id, sent.id));
    EXPECT_TRUE(same(got.correlation, sent.correlation));
    EXPECT_EQ(got.status, -5);
    EXPECT_EQ(got.timeout_ms, 0x01020304U);
    EXPECT_EQ(got.number, 0xfffefdfcU);
    EXPECT_EQ(got.to, "cache");
    EXPECT_EQ(got.from, "me");
    EXPECT_EQ(got.subject, "get.it");
    EXPECT_EQ(got.content_type, "text/plain");
    EXPECT_EQ(got.traceparent, "00-11");
    EXPECT_EQ(got.body, "the body");
}

TEST(Wire, NumbersLieLittleEndianAtTheirOffsets) {
    const auto frame = encode(full());
    EXPECT_EQ(frame.substr(0, 8), std::string("NOA1\x01\x05\x01\x02"));
    EXPECT_EQ(frame.substr(40, 12),
              std::string("\xfb\xff\xff\xff\x04\x03\x02\x01\xfc\xfd\xfe\xff"));
    EXPECT_EQ(frame.substr(52, 5), std::string("\x05\x02\x06\x0a\x05"));
}

TEST(Wire, BodyMayComeInASecondFrame) {
    auto message = full();
    message.body = {};
    const auto first = encode(message);
    const std::string second = "by itself";
    wire::Message got;
    ASSERT_EQ(
        wire::decode(std::as_bytes(std::span(first)), std::as_bytes(std::span(second)), true, got),
        Fault::none);
    EXPECT_EQ(got.body, "by itself");
    const auto surplus = first + "x";
    EXPECT_EQ(wire::decode(std::as_bytes(std::span(surplus)), {}, true, got), Fault::surplus);
}

TEST(Wire, EveryTruncationIsRefusedOrLosesOnlyBody) {
    const auto message = full();
    const auto frame = encode(message);
    for (std::size_t size = 0; size < frame.size(); ++size) {
        const auto fault = read(frame.substr(0, size));
        if (size < wire::header_bytes) {
            EXPECT_EQ(fault, Fault::unreadable) << size;
        } else if (size < wire::head_bytes(message)) {
            EXPECT_EQ(fault, Fault::lengths) << size;
        } else {
            EXPECT_EQ(fault, Fault::none) << size;
        }
    }
}

TEST(Wire, EachFieldOutOfItsRangeIsNamed) {
    const auto with = [](std::size_t at, char value) {
        auto frame = encode(full());
        frame[at] = value;
        return frame;
    };
    EXPECT_EQ(read(with(3, '2')), Fault::unreadable);
    EXPECT_EQ(read(with(5, 8)), Fault::flags);
    EXPECT_EQ(read(with(6, 3)), Fault::priority);
    for (std::size_t at = 57; at < 64; ++at) {
        EXPECT_EQ(read(with(at, 1)), Fault::reserved) << at;
    }
    EXPECT_EQ(read(with(52, 64)), Fault::lengths);
    EXPECT_EQ(read(with(53, 64)), Fault::lengths);
    EXPECT_EQ(read(with(54, '\xff')), Fault::lengths);
    EXPECT_EQ(read(with(55, '\x80')), Fault::lengths);
    EXPECT_EQ(read(with(56, '\x80')), Fault::lengths);
    EXPECT_EQ(read(with(64, 'C')), Fault::name);
    auto zero = full();
    zero.id = {};
    EXPECT_EQ(read(encode(zero)), Fault::zero_id);
    auto text = full();
    text.content_type = "a\nb";
    EXPECT_EQ(read(encode(text)), Fault::text);
}

} // namespace
} // namespace noa::bus::test
