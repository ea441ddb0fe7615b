#include <gtest/gtest.h>

#include "resp/state.hpp"

namespace cache::resp {
namespace {

Client lively() {
    Client client;
    client.id = 77;
    client.address = "127.0.0.1:1";
    client.protocol = 3;
    client.replies = Replies::skip_next;
    client.authenticated = true;
    client.database = 5;
    client.name = "me";
    client.library = "lib";
    client.in_multi = true;
    client.queued = {{"set", "a", "b"}, {"get", ""}};
    client.watched = {{5, "a", 123, true}};
    client.channels = {"one", "two"};
    client.patterns = {"p*"};
    client.input = "*2\r\n$3\r\nGE";
    client.output = "+sent\r\n+not sent\r\n";
    client.sent = 7;
    client.since = Instant(10);
    client.last = Instant(20);
    return client;
}

TEST(State, ComesBackAsItWas) {
    const Client before = lively();
    Client after;
    ASSERT_TRUE(restore_client(save_client(before), after));
    EXPECT_EQ(after.id, 77U);
    EXPECT_EQ(after.address, "127.0.0.1:1");
    EXPECT_EQ(after.protocol, 3);
    EXPECT_EQ(after.replies, Replies::skip_next);
    EXPECT_TRUE(after.authenticated);
    EXPECT_TRUE(after.in_multi);
    EXPECT_FALSE(after.closing);
    EXPECT_EQ(after.database, 5);
    EXPECT_EQ(after.name, "me");
    EXPECT_EQ(after.library, "lib");
    EXPECT_EQ(after.queued, before.queued);
    ASSERT_EQ(after.watched.size(), 1U);
    EXPECT_EQ(after.watched[0].key, "a");
    EXPECT_EQ(after.watched[0].fingerprint, 123U);
    EXPECT_TRUE(after.watched[0].touched);
    EXPECT_EQ(after.channels, before.channels);
    EXPECT_EQ(after.patterns, before.patterns);
    EXPECT_EQ(after.input, before.input);
    EXPECT_EQ(after.output, "+not sent\r\n");
    EXPECT_EQ(after.since, Instant(10));
    EXPECT_EQ(after.last, Instant(20));
}

TEST(State, DamagedOnesAreRefused) {
    const std::string whole = save_client(lively());
    for (std::size_t size = 0; size < whole.size(); ++size) {
        Client after;
        EXPECT_FALSE(restore_client(std::string(whole, 0, size), after)) << size;
    }
    Client after;
    EXPECT_FALSE(restore_client(whole + "x", after));
    std::string other = whole;
    other[0] = 2;
    EXPECT_FALSE(restore_client(other, after));
}

} // namespace
} // namespace cache::resp
