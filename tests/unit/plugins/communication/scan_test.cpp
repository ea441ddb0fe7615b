#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bus/send_request.hpp"
#include "delivery/seen.hpp"

namespace communication {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

bool good(std::string_view text) {
    JsonScan scan(text);
    return scan.value().has_value() && scan.end().has_value();
}

TEST(JsonScanTest, TakesWhatIsJson) {
    for (const char* text :
         {"{}", " [ ] ", "null", "true", "-0.5e+10", "0", R"("a\u00e9\ud83d\ude00\n")",
          R"({"a":[1,{"b":"c"}],"d":null})", "\"\xF0\x9F\x98\x80\xC3\xA9\""}) {
        EXPECT_TRUE(good(text)) << text;
    }
}

TEST(JsonScanTest, RefusesWhatIsNot) {
    for (const char* text : {"",
                             "{",
                             "[1,]",
                             "{\"a\"}",
                             "{\"a\":1,}",
                             "01",
                             "1.",
                             ".5",
                             "1e",
                             "+1",
                             "tru",
                             "\"a",
                             "\"\\x\"",
                             "\"\\u12\"",
                             R"("\ud83d")",
                             R"("\ude00")",
                             R"("\ud83dx")",
                             "\"\x01\"",
                             "\"\xC0\x80\"",
                             "\"\xED\xA0\x80\"",
                             "\"\xF5\x80\x80\x80\"",
                             "\"\xE2\x82\"",
                             "{} {}",
                             "nulll",
                             "{'a':1}",
                             "\"\n\""}) {
        EXPECT_FALSE(good(text)) << text;
    }
    EXPECT_FALSE(good(std::string(100, '[') + std::string(100, ']')));
    EXPECT_TRUE(good(std::string(60, '[') + std::string(60, ']')));
}

TEST(JsonScanTest, Unescapes) {
    EXPECT_EQ(JsonScan::unescaped(R"("a\n\u00e9\ud83d\ude00\"")"), "a\n\u00e9\U0001F600\"");
}

TEST(SendRequestTest, LeavesTheBodyAsItStands) {
    SendRequest request;
    ASSERT_TRUE(parse(R"({"to":"a","operation":"do.it","body": {"x" : [1, 2] } ,"id":"i-1",
        "priority":"high","ttl":"5s","attempts":3,"timeout":"250ms","metadata":{"k":1}})",
                      request));
    EXPECT_EQ(request.terms.recipient, "a");
    EXPECT_EQ(request.terms.operation, "do.it");
    EXPECT_EQ(request.body(), R"({"x" : [1, 2] })");
    EXPECT_EQ(request.terms.priority, noa::Priority::high);
    EXPECT_EQ(request.ttl, 5s);
    EXPECT_EQ(request.terms.attempts, 3U);
    EXPECT_EQ(request.terms.timeout_ms, 250);
    EXPECT_EQ(request.terms.metadata, R"({"k":1})");
}

TEST(SendRequestTest, TakesTextAndBytes) {
    SendRequest text;
    ASSERT_TRUE(parse(R"({"subject":"a.b","text":"h\u00e9"})", text));
    EXPECT_EQ(text.body(), "h\u00e9");
    EXPECT_EQ(text.terms.kind, Kind::event);
    SendRequest bytes;
    ASSERT_TRUE(parse(R"({"subject":"a.b","base64":"AAH/"})", bytes));
    EXPECT_EQ(bytes.body(), std::string_view("\0\1\xff", 3));
}

TEST(SendRequestTest, SaysWhichMemberIsWrong) {
    const auto refusal = [](const char* text) {
        SendRequest request;
        noa::Status parsed = parse(text, request);
        return parsed ? std::string("taken") : parsed.error().text;
    };
    EXPECT_THAT(refusal("[]"), HasSubstr("must be an object"));
    EXPECT_THAT(refusal("{"), HasSubstr("not JSON at byte 2"));
    EXPECT_THAT(refusal(R"({"operation":"x"})"), HasSubstr("/to"));
    EXPECT_THAT(refusal(R"({"to":"a"})"), HasSubstr("/operation"));
    EXPECT_THAT(refusal(R"({"to":"a","subject":"b"})"), HasSubstr("/subject: must be the only"));
    EXPECT_THAT(refusal(R"({"to":"a","operation":"x","wrong":1})"), HasSubstr("/wrong"));
    EXPECT_THAT(refusal(R"({"to":"a b","operation":"x"})"), HasSubstr("/to"));
    EXPECT_THAT(refusal(R"({"to":"a","operation":"x","attempts":0})"), HasSubstr("1 to 100"));
    EXPECT_THAT(refusal(R"({"to":"a","operation":"x","at":"soon"})"), HasSubstr("/at"));
    EXPECT_THAT(refusal(R"({"to":"a","operation":"x","ttl":"-1s"})"), HasSubstr("/ttl"));
    EXPECT_THAT(refusal(R"({"to":"a","operation":"x","ordered":true})"), HasSubstr("/ordered"));
    EXPECT_THAT(refusal(R"({"to":"a","operation":"x","id":"\u0000"})"), HasSubstr("/id"));
    EXPECT_THAT(refusal(R"({"subject":"a","base64":"!"})"), HasSubstr("/base64"));
}

TEST(SendRequestTest, ReadsDatesAsItWritesThem) {
    EXPECT_EQ(*parse_date("2026-11-26T08:00:00.250Z"), 1795680000250);
    EXPECT_EQ(date_text(1795680000250), "2026-11-26T08:00:00.250Z");
    EXPECT_FALSE(parse_date("2026-11-26T08:00:00"));
    EXPECT_FALSE(parse_date("2026-11-26"));
}

TEST(SeenTest, KnowsAnIdForAWindow) {
    noa::Time at{1h};
    Seen seen(10s, 1000, 7);
    EXPECT_TRUE(seen.insert(seen.key("a", "1"), at));
    EXPECT_FALSE(seen.insert(seen.key("a", "1"), at + 9s));
    EXPECT_TRUE(seen.insert(seen.key("b", "1"), at)) << "of another sender";
    EXPECT_FALSE(seen.insert(seen.key("a", "1"), at + 15s));
    EXPECT_TRUE(seen.insert(seen.key("a", "1"), at + 60s));
}

TEST(SeenTest, ForgetsWhatWasNotTaken) {
    noa::Time at{1h};
    Seen seen(10s, 100'000, 7);
    for (int id = 0; id < 1000; ++id) {
        EXPECT_TRUE(seen.insert(seen.key("a", std::to_string(id)), at));
    }
    for (int id = 0; id < 1000; id += 2) {
        seen.erase(seen.key("a", std::to_string(id)));
    }
    EXPECT_EQ(seen.size(), 500U);
    for (int id = 0; id < 1000; ++id) {
        EXPECT_EQ(seen.insert(seen.key("a", std::to_string(id)), at), id % 2 == 0) << id;
    }
}

TEST(SeenTest, IsBounded) {
    noa::Time at{1h};
    Seen seen(10s, 100, 7);
    for (int id = 0; id < 1000; ++id) {
        EXPECT_TRUE(seen.insert(seen.key("a", std::to_string(id)), at));
        EXPECT_LE(seen.size(), 100U);
    }
    EXPECT_FALSE(seen.insert(seen.key("a", "999"), at));
}

} // namespace
} // namespace communication
