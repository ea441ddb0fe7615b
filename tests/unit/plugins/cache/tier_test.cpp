// Addresses of a tier, and the form of values there.
#include <string>

#include <gtest/gtest.h>

#include "tier/address.hpp"
#include "tier/value.hpp"

namespace cache::tier {

namespace {

TEST(TierAddress, NamesAServer) {
    const auto whole = parse_address("redis://10.0.0.5:7000/3");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->place, "10.0.0.5");
    EXPECT_EQ(whole->port, 7000);
    EXPECT_EQ(whole->database, 3U);
    EXPECT_FALSE(whole->local);
    const auto least = parse_address("redis://localhost");
    ASSERT_TRUE(least);
    EXPECT_EQ(least->place, "127.0.0.1");
    EXPECT_EQ(least->port, 6379);
    EXPECT_EQ(least->database, 0U);
    const auto six = parse_address("redis://[::1]:6380/");
    ASSERT_TRUE(six);
    EXPECT_EQ(six->place, "::1");
    EXPECT_EQ(six->port, 6380);
    EXPECT_EQ(parse_address("redis://[::1]")->place, "::1");
    const auto local = parse_address("unix:/run/redis.sock");
    ASSERT_TRUE(local);
    EXPECT_TRUE(local->local);
    EXPECT_EQ(local->place, "/run/redis.sock");
}

TEST(TierAddress, RefusesAllElse) {
    for (const std::string text :
         {"", "redis://", "redis://name", "redis://1.2.3.4:", "redis://1.2.3.4:0",
          "redis://1.2.3.4:65536", "redis://1.2.3.4/x", "redis://:pw@1.2.3.4", "redis://[::1",
          "redis://1.2.3", "http://1.2.3.4", "unix:", "unix:s", "rediss://1.2.3.4"}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
    EXPECT_FALSE(parse_address("unix:/" + std::string(200, 'p')));
}

TEST(TierValue, ComesBackAsItWas) {
    for (const std::string& bytes :
         {std::string("text"), std::string(), std::string("\0\xff", 2), std::string("42"),
          std::string("\"q\" \n"), std::string("\xe2\x82\xac")}) {
        const Bytes back = from_tier(to_tier(bytes, Type::string));
        EXPECT_EQ(back.bytes, bytes);
        EXPECT_EQ(back.type, Type::string);
    }
    const Bytes json = from_tier(to_tier(R"({"a":1})", Type::json));
    EXPECT_EQ(json.bytes, R"({"a":1})");
    EXPECT_EQ(json.type, Type::json);
}

TEST(TierValue, IsJsonThere) {
    EXPECT_EQ(to_tier("text", Type::string), R"("text")");
    EXPECT_EQ(to_tier("42", Type::json), "42");
}

TEST(TierValue, OfOthersThatIsNoJsonIsAString) {
    for (const std::string& text : {std::string("hello"), std::string("\"open"), std::string("{"),
                                    std::string(5000, '['), std::string("\xff")}) {
        const Bytes value = from_tier(text);
        EXPECT_EQ(value.bytes, text);
        EXPECT_EQ(value.type, Type::string);
    }
}

} // namespace

} // namespace cache::tier
