#include "checks/checks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "checks/looks.hpp"

namespace {

using namespace std::chrono_literals;
using monitor::CheckSetting;
using monitor::CheckStatus;
using monitor::Endpoint;
using monitor::HttpAnswer;
using monitor::Verdict;
using State = monitor::HttpAnswer::State;
using ::testing::ElementsAre;

TEST(Terms, UrlsAreTakenApart) {
    const auto whole = monitor::parse_url("http://[::1]:8080/a?b#c");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->host, "::1");
    EXPECT_EQ(whole->port, "8080");
    EXPECT_EQ(whole->path, "/a?b");
    EXPECT_EQ(monitor::parse_url("http://a")->port, "80");
    EXPECT_EQ(monitor::parse_url("http://[::1]")->port, "80");
    for (const char* bad :
         {"", "http://", "ftp://a/", "http:///a", "http://a:0/", "http://a:65536/", "http://a b/",
          "http://a/\r\n", "http://u@[::1]/", "http://::1/", "http://a?b"}) {
        EXPECT_FALSE(monitor::parse_url(bad)) << bad;
    }
}

TEST(HttpAnswer, TheStatusLineIsEnoughWhereNoTextIsWanted) {
    HttpAnswer answer("");
    EXPECT_EQ(answer.feed("HTTP/1.1 2"), State::more);
    EXPECT_EQ(answer.feed("04\r"), State::done);
    EXPECT_EQ(answer.status(), 204U);
}

TEST(HttpAnswer, ATextIsFoundInTheBodyAndNotInTheHead) {
    HttpAnswer answer("well");
    EXPECT_EQ(answer.feed("HTTP/1.0 200 OK\r\nX: well\r\n\r\nwe"), State::more);
    EXPECT_EQ(answer.feed("ll"), State::done);
    EXPECT_TRUE(answer.has_body());
    HttpAnswer other("well");
    other.feed("HTTP/1.0 200 well\r\n\r\nill");
    EXPECT_EQ(other.end(), State::done);
    EXPECT_FALSE(other.has_body());
}

TEST(HttpAnswer, WhatIsNoHttpIsBroken) {
    for (const char* text :
         {"SSH", "HTTP/2", "HTTP/1.1 20x ", "HTTP/1.1  200", "HTTP/1.x 200 ", "HTTP/1.1 2000"}) {
        HttpAnswer answer("");
        EXPECT_EQ(answer.feed(text), State::broken) << text;
    }
    EXPECT_EQ(HttpAnswer("").end(), State::broken);
}

TEST(HttpAnswer, HeadAndBodyAreBounded) {
    HttpAnswer head("x");
    std::size_t fed = 0;
    head.feed("HTTP/1.1 200 OK\r\n");
    for (; head.state() == State::more; fed += 1000) {
        head.feed(std::string(1000, 'h'));
    }
    EXPECT_EQ(head.state(), State::broken);
    EXPECT_LE(fed, HttpAnswer::max_head + 1000);
    HttpAnswer body("x");
    body.feed("HTTP/1.1 200 OK\r\n\r\n");
    EXPECT_EQ(body.feed(std::string(10 * HttpAnswer::max_body, 'b')), State::done);
    EXPECT_FALSE(body.has_body());
}

// Time that the test moves, and verdicts that it gives.
struct Port final : monitor::CheckPort {
    noa::Time check_now() const override { return time; }
    noa::sdk::TimerId later(noa::Duration delay, noa::sdk::Function<void()> run) override {
        timers[++last] = {time + delay, std::move(run)};
        return last;
    }
    void forget(noa::sdk::TimerId timer) override { timers.erase(timer); }
    void resolve(const Endpoint&, noa::Duration, Resolved) override {}
    void look(const CheckSetting&, Settled then) override {
        attempts.push_back(time.time_since_epoch() / 1s);
        asked = std::move(then);
        if (!verdicts.empty()) {
            const Verdict verdict = verdicts.front();
            verdicts.erase(verdicts.begin());
            asked(verdict);
        }
    }
    void changed(const CheckSetting&, const Verdict& verdict) override {
        changes.push_back(verdict.status);
    }
    void advance(noa::Duration duration) {
        const noa::Time end = time + duration;
        for (;;) {
            const auto next = std::ranges::min_element(
                timers, {}, [](const auto& timer) { return timer.second.first; });
            if (next == timers.end() || next->second.first > end) {
                break;
            }
            time = next->second.first;
            auto run = std::move(next->second.second);
            timers.erase(next);
            run();
        }
        time = end;
    }

    noa::Time time{};
    noa::sdk::TimerId last = 0;
    std::map<noa::sdk::TimerId, std::pair<noa::Time, noa::sdk::Function<void()>>> timers;
    std::vector<std::int64_t> attempts;
    std::vector<Verdict> verdicts;
    std::vector<CheckStatus> changes;
    Settled asked;
};

struct ChecksRun : ::testing::Test {
    void start(std::uint32_t retries) {
        CheckSetting setting;
        setting.name = "a";
        setting.type = "process";
        setting.target = "a";
        setting.retries = retries;
        checks.set({setting});
        checks.start();
    }
    Port port;
    noa::Sockets sockets;
    monitor::Checks checks{port, sockets};
};

TEST_F(ChecksRun, RetriesComeEverLaterAndOneThatSucceedsIsEnough) {
    port.verdicts = {{CheckStatus::unhealthy, "1"},
                     {CheckStatus::error, "2"},
                     {CheckStatus::unhealthy, "3"},
                     {CheckStatus::healthy, ""}};
    start(3);
    port.advance(29s);
    EXPECT_THAT(port.attempts, ElementsAre(0, 1, 3, 7));
    EXPECT_THAT(port.changes, ElementsAre(CheckStatus::healthy));
}

TEST_F(ChecksRun, TheLastRetryDecidesAndTheNextRunIsAnIntervalAfterTheFirstAttempt) {
    port.verdicts = {
        {CheckStatus::unhealthy, "1"}, {CheckStatus::unhealthy, "2"}, {CheckStatus::healthy, ""}};
    start(1);
    port.advance(29s);
    EXPECT_THAT(port.changes, ElementsAre(CheckStatus::unhealthy));
    EXPECT_EQ(checks.all().front()->verdict.text, "2");
    port.advance(1s);
    EXPECT_THAT(port.attempts, ElementsAre(0, 1, 30));
    EXPECT_THAT(port.changes, ElementsAre(CheckStatus::unhealthy, CheckStatus::healthy));
}

TEST_F(ChecksRun, WhatAnswersAfterItsTimeIsNotListenedTo) {
    start(0);
    port.advance(5s);
    EXPECT_THAT(port.changes, ElementsAre(CheckStatus::error));
    port.asked({CheckStatus::healthy, ""});
    EXPECT_EQ(checks.all().front()->verdict.text, "no answer within 5s");
}

TEST_F(ChecksRun, WhoAsksJoinsTheRunThatIsUnderWay) {
    start(0);
    int told = 0;
    EXPECT_TRUE(checks.run("a", [&](const monitor::CheckState&) { ++told; }));
    EXPECT_TRUE(checks.run("a", [&](const monitor::CheckState&) { ++told; }));
    EXPECT_FALSE(checks.run("b", [&](const monitor::CheckState&) { ++told; }));
    EXPECT_EQ(port.attempts.size(), 1U);
    port.asked({CheckStatus::healthy, ""});
    EXPECT_EQ(told, 2);
    EXPECT_EQ(port.timers.size(), 1U);
}

TEST(Looks, AFileIsJudgedByItsAge) {
    EXPECT_EQ(monitor::look_at_file("/proc/self/stat", 1h).status, CheckStatus::healthy);
    EXPECT_EQ(monitor::look_at_file("/proc/self/stat", -10s).status, CheckStatus::unhealthy);
    EXPECT_EQ(monitor::look_at_file("/nothing/here", 1h).status, CheckStatus::unhealthy);
}

} // namespace
