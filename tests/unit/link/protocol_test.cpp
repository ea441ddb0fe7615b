#include "link/protocol.hpp"

#include <unistd.h>

#include <functional>

#include <gtest/gtest.h>

namespace noa::link {
namespace {

std::string written(const std::function<void(Writer&)>& fill) {
    std::string out;
    std::vector<UniqueFd> descriptors;
    Writer writer(out, descriptors, Kind::deliver);
    fill(writer);
    EXPECT_TRUE(writer.finish());
    return out.substr(header_bytes);
}

noa_message whole_message() {
    noa_message message{};
    message.struct_size = sizeof message;
    message.kind = NOA_MESSAGE_REQUEST;
    message.flags = NOA_MESSAGE_REDELIVERED;
    message.priority = NOA_PRIORITY_HIGH;
    message.id.bytes[0] = 1;
    message.correlation.bytes[15] = 2;
    message.from = to_str("asker");
    message.to = to_str("cache");
    message.subject = to_str("get");
    message.content_type = to_str("application/json");
    message.traceparent = to_str("00-trace");
    message.body = {"{}", 2};
    message.sent_unix_ns = 3;
    message.deadline_ns = 4;
    message.hops = 5;
    message.attempt = 6;
    message.status = NOA_E_BUSY;
    return message;
}

TEST(Protocol, AMessageArrivesAsItWasSent) {
    const auto sent = whole_message();
    const auto payload = written([&](Writer& out) { write(out, sent); });
    Reader in(payload);
    const auto read = read_message(in);
    ASSERT_TRUE(in.complete());
    const auto& got = read.message;
    EXPECT_EQ(got.kind, sent.kind);
    EXPECT_EQ(got.flags, sent.flags);
    EXPECT_EQ(got.priority, sent.priority);
    EXPECT_EQ(got.id.bytes[0], 1);
    EXPECT_EQ(got.correlation.bytes[15], 2);
    EXPECT_EQ(view(got.from), "asker");
    EXPECT_EQ(view(got.to), "cache");
    EXPECT_EQ(view(got.subject), "get");
    EXPECT_EQ(view(got.content_type), "application/json");
    EXPECT_EQ(view(got.traceparent), "00-trace");
    EXPECT_EQ(read.body.bytes, "{}");
    EXPECT_EQ(got.sent_unix_ns, 3);
    EXPECT_EQ(got.deadline_ns, 4);
    EXPECT_EQ(got.hops, 5U);
    EXPECT_EQ(got.attempt, 6U);
    EXPECT_EQ(got.status, NOA_E_BUSY);
}

TEST(Protocol, AMessageCutAnywhereIsNone) {
    const auto payload = written([](Writer& out) { write(out, whole_message()); });
    for (std::size_t size = 0; size < payload.size(); ++size) {
        Reader in(std::string_view(payload).substr(0, size));
        static_cast<void>(read_message(in));
        EXPECT_FALSE(in.whole()) << size;
    }
}

TEST(Protocol, AMessageWithATextOverItsLimitIsNone) {
    auto message = whole_message();
    const std::string too_long(NOA_SUBJECT_MAX + 1, 'a');
    message.subject = to_str(too_long);
    const auto payload = written([&](Writer& out) { write(out, message); });
    Reader in(payload);
    static_cast<void>(read_message(in));
    EXPECT_FALSE(in.whole());
}

TEST(Protocol, WhatIsSentArrivesWithItsCause) {
    noa_outgoing sent{};
    sent.priority = NOA_PRIORITY_LOW;
    sent.to = 7;
    sent.to_name = to_str("cache");
    sent.subject = to_str("get");
    sent.deadline_ns = 8;
    const auto payload = written([&](Writer& out) { write(out, sent, "body", true, 9); });
    Reader in(payload);
    const auto got = read_outgoing(in);
    ASSERT_TRUE(in.complete());
    EXPECT_EQ(got.message.priority, NOA_PRIORITY_LOW);
    EXPECT_EQ(got.message.to, 7U);
    EXPECT_EQ(view(got.message.to_name), "cache");
    EXPECT_EQ(view(got.message.subject), "get");
    EXPECT_EQ(got.message.deadline_ns, 8);
    EXPECT_TRUE(got.has_cause);
    EXPECT_EQ(got.hops, 9);
    EXPECT_EQ(got.body.bytes, "body");
}

TEST(Protocol, ReceiptsAndFactsArriveAsTheyWereSent) {
    const noa_receipt receipt{sizeof receipt, 1, 2, 3, 4};
    noa_agent_facts facts{};
    facts.generation = 5;
    facts.queue_size = 6;
    facts.concurrency = 7;
    facts.max_deliveries = 8;
    facts.task_timeout_ns = 9;
    facts.quiesce_timeout_ns = 10;
    const auto payload = written([&](Writer& out) {
        write(out, receipt);
        write(out, facts);
    });
    Reader in(payload);
    const auto got = read_receipt(in);
    const auto got_facts = read_facts(in);
    ASSERT_TRUE(in.complete());
    EXPECT_EQ(got.accepted, 1U);
    EXPECT_EQ(got.refused, 2U);
    EXPECT_EQ(got.retry_after_ms, 3U);
    EXPECT_EQ(got.depth, 4U);
    EXPECT_EQ(got_facts.run, NOA_RUN_PROCESS);
    EXPECT_EQ(got_facts.generation, 5U);
    EXPECT_EQ(got_facts.queue_size, 6U);
    EXPECT_EQ(got_facts.concurrency, 7U);
    EXPECT_EQ(got_facts.max_deliveries, 8U);
    EXPECT_EQ(got_facts.task_timeout_ns, 9);
    EXPECT_EQ(got_facts.quiesce_timeout_ns, 10);
}

TEST(Protocol, AnErrorIsMadePrintableAndBounded) {
    const Error sent{Errc::refused, "load agent", "x.so", "bad\x1b[31m\xff",
                     std::string(9000, 'a')};
    const auto payload = written([&](Writer& out) { write(out, sent); });
    Reader in(payload);
    const auto got = read_error(in);
    ASSERT_TRUE(in.complete());
    EXPECT_EQ(got.code, Errc::refused);
    EXPECT_EQ(got.attempt, "load agent");
    EXPECT_EQ(got.object, "x.so");
    EXPECT_EQ(got.reason, "bad [31m?");
    EXPECT_LE(got.advice.size(), 1024U);
}

TEST(Protocol, AnErrorCodeThatThereIsNotIsOursToBear) {
    const auto payload = written([](Writer& out) {
        out.number(std::uint8_t{200});
        for (int i = 0; i < 4; ++i) {
            out.text("x");
        }
    });
    Reader in(payload);
    EXPECT_EQ(read_error(in).code, Errc::internal);
}

TEST(Protocol, AGrantArrivesWithItsMemoryBesideIt) {
    std::string out;
    std::vector<UniqueFd> descriptors;
    Writer writer(out, descriptors, Kind::answer);
    write(writer, plugin::ArenaGrant{UniqueFd(::dup(0)), 1, 2, 3, 4, NOA_ARENA_CLEAN, true});
    EXPECT_TRUE(writer.finish());
    ASSERT_EQ(descriptors.size(), 1U);
    Reader in(std::string_view(out).substr(header_bytes));
    const auto grant = read_grant(in);
    EXPECT_TRUE(in.complete());
    EXPECT_EQ(grant.size, 1U);
    EXPECT_EQ(grant.room, 2U);
    EXPECT_EQ(grant.layout, 3U);
    EXPECT_EQ(grant.epoch, 4U);
    EXPECT_EQ(grant.condition, NOA_ARENA_CLEAN);
    EXPECT_TRUE(grant.writable);
}

} // namespace
} // namespace noa::link
