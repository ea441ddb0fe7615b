#include "http/target.hpp"

#include <gtest/gtest.h>

namespace {

using console::http::is_own_host;
using console::http::is_own_origin;
using console::http::is_traceparent;
using console::http::parse_target;

TEST(target, is_a_path_and_parameters) {
    const auto target = parse_target("/api/agents/my%2Dagent?lines=5&agent=a+b%26c&flag");
    ASSERT_TRUE(target);
    EXPECT_EQ(target->path, "/api/agents/my-agent");
    ASSERT_EQ(target->query.size(), 3U);
    EXPECT_EQ(*target->find("agent"), "a b&c");
    EXPECT_EQ(*target->find("flag"), "");
    EXPECT_EQ(target->find("other"), nullptr);
    EXPECT_EQ(parse_target("/")->path, "/");
}

TEST(target, that_two_readers_might_understand_differently_is_refused) {
    for (const char* text :
         {"",        "x",         "http://a/b", "//",       "/a//b",     "/a/",   "/.",
          "/a/../b", "/%2e%2e/a", "/a/%2E",     "/a%2fb",   "/a%5cb",    "/a\\b", "/a%00",
          "/a%",     "/a%2",      "/a%zz",      "/a#b",     "/a%0d%0ab", "/\x7f", "/%ff",
          "/%c0%ae", "/a?b=%",    "/a?b=%00",   "/a?b=%ff", "/\xc3\x28"}) {
        EXPECT_FALSE(parse_target(text)) << text;
    }
    EXPECT_TRUE(parse_target("/gr%C3%BC%C3%9Fe"));
}

TEST(target, is_bounded) {
    EXPECT_FALSE(parse_target("/" + std::string(3000, 'a')));
    std::string many = "/?";
    for (int count = 0; count < 40; ++count) {
        many += "a=b&";
    }
    EXPECT_FALSE(parse_target(many));
}

TEST(host, is_own_by_loopback_and_by_what_the_settings_name) {
    for (const char* host : {"localhost", "localhost:9300", "LocalHost:1", "127.0.0.1:9300",
                             "[::1]:80", "console.example:443"}) {
        EXPECT_TRUE(is_own_host(host, {"console.example"})) << host;
    }
    for (const char* host :
         {"", ":80", "evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.2",
          "[::1", "[::1]x", "localhost:", "localhost:12x", "localhost:1234567", "user@localhost"}) {
        EXPECT_FALSE(is_own_host(host, {"console.example"})) << host;
    }
}

TEST(traceparent, is_of_version_0_and_says_something) {
    EXPECT_TRUE(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    for (const char* wrong : {"", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-",
                              "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-a",
                              "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                              "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                              "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"}) {
        EXPECT_FALSE(is_traceparent(wrong)) << wrong;
    }
}

TEST(origin, is_own_only_when_it_is_the_host_that_is_asked) {
    EXPECT_TRUE(is_own_origin("http://localhost:9300", "localhost:9300"));
    EXPECT_TRUE(is_own_origin("https://console.example", "Console.example"));
    EXPECT_FALSE(is_own_origin("http://localhost:8080", "localhost:9300"));
    EXPECT_FALSE(is_own_origin("null", "localhost:9300"));
    EXPECT_FALSE(is_own_origin("", "localhost:9300"));
    EXPECT_FALSE(is_own_origin("file://", ""));
}

} // namespace
