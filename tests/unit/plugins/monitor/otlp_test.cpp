// Spans as collectors take them.
#include <gtest/gtest.h>

#include "traces/otlp.hpp"

namespace monitor {
namespace {

SpanLine line(const std::string& agent, const std::string& parent, std::int32_t status = 0) {
    SpanLine out;
    out.trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    out.span = "00f067aa0ba902b7";
    out.parent = parent;
    out.agent = agent;
    out.from = "host";
    out.kind = "request";
    out.operation = "get";
    out.start_unix_ns = 1'700'000'000'000'000'001;
    out.took_ns = 41;
    out.status = status;
    out.status_name = "not_found";
    return out;
}

TEST(otlp, has_a_resource_for_each_agent) {
    const auto request =
        otlp_request({line("cache", ""), line("web", "1"), line("cache", "2")}, "edge");
    const auto& resources = request.at("resourceSpans");
    ASSERT_EQ(resources.size(), 2U);
    const auto& attributes = resources[0].at("resource").at("attributes");
    EXPECT_EQ(attributes[0].at("key"), "service.name");
    EXPECT_EQ(attributes[0].at("value").at("stringValue"), "cache");
    EXPECT_EQ(resources[0].at("scopeSpans")[0].at("spans").size(), 2U);
    EXPECT_EQ(resources[1].at("scopeSpans")[0].at("spans").size(), 1U);
}

TEST(otlp, writes_a_span_as_the_json_of_protobuf_has_it) {
    const auto request = otlp_request({line("cache", "00f067aa0ba902b8", -3)}, "edge");
    const auto& span = request.at("resourceSpans")[0].at("scopeSpans")[0].at("spans")[0];
    EXPECT_EQ(span.at("traceId"), "4bf92f3577b34da6a3ce929d0e0e4736");
    EXPECT_EQ(span.at("spanId"), "00f067aa0ba902b7");
    EXPECT_EQ(span.at("parentSpanId"), "00f067aa0ba902b8");
    EXPECT_EQ(span.at("name"), "cache.get");
    EXPECT_EQ(span.at("kind"), 2);
    EXPECT_EQ(span.at("startTimeUnixNano"), "1700000000000000001");
    EXPECT_EQ(span.at("endTimeUnixNano"), "1700000000000000042");
    EXPECT_EQ(span.at("status"), (noa::Json{{"code", 2}, {"message", "not_found"}}));
}

TEST(otlp, a_root_has_no_parent_and_what_went_well_no_status) {
    const auto request = otlp_request({line("cache", "")}, "edge");
    const auto& span = request.at("resourceSpans")[0].at("scopeSpans")[0].at("spans")[0];
    EXPECT_FALSE(span.contains("parentSpanId"));
    EXPECT_EQ(span.at("status"), noa::Json::object());
}

TEST(otlp, an_answer_may_say_that_some_were_not_taken) {
    EXPECT_EQ(otlp_rejected(R"({"partialSuccess":{"rejectedSpans":"3"}})"), 3U);
    EXPECT_EQ(otlp_rejected(R"({"partialSuccess":{"rejectedSpans":4}})"), 4U);
    for (const char* other : {"", "{}", "[]", "<html>", R"({"partialSuccess":[]})",
                              R"({"partialSuccess":{"rejectedSpans":-1}})",
                              R"({"partialSuccess":{"rejectedSpans":"many"}})"}) {
        EXPECT_EQ(otlp_rejected(other), 0U) << other;
    }
}

TEST(otlp, only_what_passes_is_tried_again) {
    EXPECT_EQ(otlp_taken(200), Taken::taken);
    EXPECT_EQ(otlp_taken(202), Taken::taken);
    for (const std::uint32_t status : {0U, 429U, 502U, 503U, 504U}) {
        EXPECT_EQ(otlp_taken(status), Taken::later) << status;
    }
    for (const std::uint32_t status : {302U, 400U, 401U, 404U, 500U}) {
        EXPECT_EQ(otlp_taken(status), Taken::never) << status;
    }
}

TEST(otlp, a_collector_s_url_is_one) {
    EXPECT_TRUE(is_collector_url("http://127.0.0.1:4318/v1/traces"));
    EXPECT_TRUE(is_collector_url("https://collector.example/v1/traces?tenant=a"));
    for (const char* other : {"", "http://", "https:///v1", "file:///etc/passwd", "ftp://a/",
                              "http://user:pw@a/", "http://a/ HTTP/1.1", "http://a/\r\nX: y"}) {
        EXPECT_FALSE(is_collector_url(other)) << other;
    }
}

} // namespace
} // namespace monitor
