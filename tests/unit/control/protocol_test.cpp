#include "control/protocol.hpp"

#include <gmock/gmock.h>

namespace noa::control {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Request, RoundTrips) {
    const auto line = request_line("reload", {{"agents", {"cache"}}, {"force", true}});
    ASSERT_EQ(line.back(), '\n');
    const auto request = parse_request(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(request) << request.error().text();
    EXPECT_EQ(request->verb, "reload");
    EXPECT_EQ(request->args, (json{{"agents", {"cache"}}, {"force", true}}));
}

TEST(Request, ArgsMayBeAbsent) {
    const auto request = parse_request(R"({"v":1,"verb":"status"})");
    ASSERT_TRUE(request);
    EXPECT_EQ(request->args, json::object());
}

TEST(Request, AnotherVersionIsRefusedWithWords) {
    for (const char* version :
         {"2", "0", "-1", "1.5", "\"1\"", "null", "[]", "18446744073709551617"}) {
        const auto request = parse_request(std::string(R"({"verb":"status","v":)") + version + "}");
        ASSERT_FALSE(request) << version;
        EXPECT_EQ(request.error().code, Errc::refused);
        EXPECT_THAT(request.error().reason, HasSubstr("wanted 1, found"));
    }
}

TEST(Request, WhatIsNoRequestIsInvalid) {
    for (const char* line : {"", " ", "{", "}", "null", "[]", "17", "\"status\"", "{}",
                             R"({"v":1})", R"({"v":1,"verb":""})", R"({"v":1,"verb":7})",
                             R"({"v":1,"verb":"a","args":[]})", R"({"v":1,"verb":"a","args":null})",
                             R"({"v":1,"verb":"a","other":1})", R"({"v":1,"verb":"a"} trailing)",
                             "{\"v\":1,\"verb\":\"\xff\"}", R"({"v":1,"verb":"\ud800"})"}) {
        const auto request = parse_request(line);
        ASSERT_FALSE(request) << line;
        EXPECT_EQ(request.error().code, Errc::invalid) << line;
        EXPECT_FALSE(request.error().reason.empty()) << line;
    }
}

TEST(Request, VerbIsShort) {
    EXPECT_FALSE(parse_request(request_line(std::string(65, 'a'), json::object())));
}

TEST(ParseJson, DepthIsLimitedBeforeItIsParsed) {
    const std::string deep = std::string(65, '[') + std::string(65, ']');
    const auto refused = parse_json(deep, "request");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().reason, HasSubstr("65 deep"));
    EXPECT_TRUE(parse_json(std::string(64, '[') + std::string(64, ']'), "request"));
    EXPECT_FALSE(parse_json(std::string(1'000'000, '['), "request"));
    EXPECT_FALSE(parse_json(std::string(1'000'000, '{'), "request"));
}

TEST(ParseJson, BracketsInsideOfTextDoNotCount) {
    const std::string text =
        "\"" + std::string(10'000, '[') + "\\\"" + std::string(500, '{') + "\"";
    EXPECT_TRUE(parse_json(text, "request"));
}

TEST(ParseJson, TheNumberOfValuesIsLimited) {
    std::string many = "[0";
    for (int i = 0; i < 100'000; ++i) {
        many += ",0";
    }
    const auto refused = parse_json(many + "]", "request");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().reason, HasSubstr("more than 100000"));
}

TEST(ParseJson, SaysWhere) {
    const auto refused = parse_json("{\"a\": tru}", "body");
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().reason, HasSubstr("line 1, column"));
    EXPECT_EQ(refused.error().object, "body");
}

TEST(Answer, RoundTripsInEveryKind) {
    for (const auto kind :
         {AnswerKind::progress, AnswerKind::event, AnswerKind::ok, AnswerKind::error}) {
        const json value{{"a", 1}, {"b", {true, nullptr}}};
        const auto line = answer_line(kind, value);
        const auto answer = parse_answer(std::string_view(line).substr(0, line.size() - 1));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->kind, kind);
        EXPECT_EQ(answer->value, value);
        EXPECT_EQ(answer->last(), kind == AnswerKind::ok || kind == AnswerKind::error);
    }
}

TEST(Answer, IsOneLineWhateverItHolds) {
    const auto line = answer_line(AnswerKind::ok, {{"text", "a\nb\r\n\xff\xc0"}});
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_TRUE(is_utf8(line));
}

TEST(Answer, WhatIsNoneIsInvalid) {
    for (const char* line :
         {"", "{}", "[]", R"({"ok":1,"error":2})", R"({"okay":1})", "{\"ok\":"}) {
        EXPECT_FALSE(parse_answer(line)) << line;
    }
}

TEST(ErrorJson, RoundTrips) {
    const Error error{Errc::timed_out, "call", "cache.get", "30 s passed", "ask for longer"};
    const auto value = error_to_json(error);
    EXPECT_EQ(value["text"], error.text());
    const auto back = error_from_json(value);
    EXPECT_EQ(back.code, error.code);
    EXPECT_EQ(back.text(), error.text());
}

TEST(ErrorJson, AnythingElseBecomesAnInternalError) {
    for (const json& value : {json(), json(7), json::array(), json{{"code", 3}, {"reason", {1}}},
                              json{{"code", "no such"}}}) {
        EXPECT_EQ(error_from_json(value).code, Errc::internal);
    }
}

TEST(Body, EveryByteSurvives) {
    std::string every;
    for (int i = 0; i < 256; ++i) {
        every += static_cast<char>(i);
    }
    for (const auto& body : {std::string(), std::string("{\"a\":1}"), std::string("ä€😀"), every,
                             std::string(5000, '"'), std::string(5000, '\0')}) {
        json object = json::object();
        put_body(object, body);
        EXPECT_TRUE(is_utf8(object.dump()));
        EXPECT_EQ(get_body(json::parse(object.dump())), body);
    }
}

TEST(Body, SixteenMebibytesFitInALine) {
    for (const char filler : {'"', '\x01', '\xff', 'a'}) {
        json args = json::object();
        put_body(args, std::string(std::size_t{16} * 1024 * 1024, filler));
        EXPECT_LT(request_line("call", args).size(), max_line_bytes);
    }
}

TEST(Body, BrokenOnesAreRefused) {
    EXPECT_FALSE(get_body({{"body", 7}}));
    EXPECT_FALSE(get_body({{"body", {{"a", 1}}}}));
    EXPECT_FALSE(get_body({{"body_base64", "a"}}));
    EXPECT_FALSE(get_body({{"body_base64", "****"}}));
    EXPECT_FALSE(get_body({{"body_base64", "aGk=x"}}));
    EXPECT_FALSE(get_body({{"body", ""}, {"body_base64", ""}}));
    EXPECT_EQ(get_body({{"body_base64", "aGk="}}), "hi");
    EXPECT_EQ(get_body(json::object()), "");
}

} // namespace
} // namespace noa::control
