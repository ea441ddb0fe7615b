#include "alerts/channel.hpp"
#include "checks/http.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using monitor::Alert;
using monitor::AlertState;
using monitor::ChannelKind;
using monitor::Notice;
using monitor::Severity;
using nlohmann::json;
using ::testing::ElementsAre;

const monitor::WallClock clock_of_test{noa::Time(10h), 1'700'000'000'000};

Alert alert_of(const std::string& agent, AlertState state) {
    Alert alert;
    alert.rule = "Deep";
    alert.labels = {{"agent", agent}};
    alert.state = state;
    alert.summary = agent + " is <deep>";
    alert.since = noa::Time(9h);
    alert.resolved = state == AlertState::resolved ? noa::Time(9h + 30min) : noa::Time();
    return alert;
}

Notice notice_of(const std::vector<std::string>& agents, AlertState state) {
    Notice notice{"Deep", Severity::critical, state == AlertState::firing, {}};
    for (const std::string& agent : agents) {
        notice.alerts.push_back(alert_of(agent, state));
    }
    return notice;
}

std::vector<std::string> agents_of(const Notice& notice) {
    std::vector<std::string> agents;
    for (const Alert& alert : notice.alerts) {
        agents.push_back(alert.labels.at(0).second);
    }
    return agents;
}

TEST(Outbox, WhatWaitsGoesOutTogetherAndOnce) {
    monitor::Outbox outbox;
    EXPECT_FALSE(outbox.next());
    outbox.add(notice_of({"b"}, AlertState::firing));
    outbox.add(notice_of({"a"}, AlertState::firing));
    const auto next = outbox.next();
    ASSERT_TRUE(next);
    EXPECT_THAT(agents_of(*next), ElementsAre("a", "b"));
    EXPECT_TRUE(next->firing);
    outbox.delivered(*next);
    EXPECT_EQ(outbox.size(), 0U);
}

TEST(Outbox, WhatIsOverMeanwhileIsToldToBeOver) {
    monitor::Outbox outbox;
    outbox.add(notice_of({"a", "b"}, AlertState::firing));
    const Notice under_way = *outbox.next();
    outbox.add(notice_of({"a"}, AlertState::resolved));
    outbox.delivered(under_way);
    const auto next = outbox.next();
    ASSERT_TRUE(next);
    EXPECT_FALSE(next->firing);
    EXPECT_THAT(agents_of(*next), ElementsAre("a"));
}

TEST(Outbox, IsBoundedWhateverComes) {
    monitor::Outbox outbox;
    for (int at = 0; at < 5000; ++at) {
        outbox.add(notice_of({std::to_string(at)}, AlertState::firing));
    }
    EXPECT_EQ(outbox.size(), monitor::Outbox::max_alerts);
    EXPECT_EQ(outbox.lost(), 1000U);
    outbox.add(notice_of({"7"}, AlertState::resolved)); // what is known is brought up to date
    EXPECT_EQ(outbox.lost(), 1000U);
}

TEST(Outbox, WhatIsRestoredGoesOut) {
    monitor::Outbox outbox;
    outbox.restore({alert_of("a", AlertState::resolved), alert_of("b", AlertState::firing)});
    EXPECT_THAT(agents_of(*outbox.next()), ElementsAre("a"));
    EXPECT_EQ(outbox.all().size(), 2U);
}

monitor::ChannelSetting channel_of(const std::string& type) {
    monitor::ChannelSetting setting;
    setting.name = setting.type = type;
    return setting;
}

TEST(Payload, AlertmanagerGetsLabelsAndTimes) {
    const auto text = payload(channel_of("alertmanager"), notice_of({"a"}, AlertState::firing),
                              clock_of_test, 8h);
    EXPECT_EQ(json::parse(text), json::parse(R"([{
        "labels": {"alertname": "Deep", "severity": "warning", "agent": "a"},
        "annotations": {"summary": "a is <deep>"},
        "startsAt": "2023-11-14T21:13:20.000Z", "endsAt": "2023-11-15T06:13:20.000Z"}])"));
    const auto over = json::parse(payload(
        channel_of("alertmanager"), notice_of({"a"}, AlertState::resolved), clock_of_test, 8h));
    EXPECT_EQ(over[0]["endsAt"], "2023-11-14T21:43:20.000Z");
}

TEST(Payload, SlackGetsATextThatItDoesNotTakeForItsOwn) {
    const auto body = json::parse(payload(
        channel_of("slack"), notice_of(std::vector<std::string>(12, "a"), AlertState::firing),
        clock_of_test, 8h));
    const auto text = body["text"].get<std::string>();
    EXPECT_TRUE(text.starts_with("*FIRING* Deep (critical)\n• a is &lt;deep&gt;\n• a")) << text;
    EXPECT_TRUE(text.ends_with("\n… and 2 more")) << text;
}

TEST(Payload, OthersGetTheNotice) {
    const auto body = json::parse(payload(
        channel_of("webhook"), notice_of({"a", "b"}, AlertState::resolved), clock_of_test, 8h));
    EXPECT_EQ(body["text"], "Deep is over: a is <deep>, and 1 more");
    EXPECT_EQ(body["status"], "resolved");
    EXPECT_EQ(body["alerts"].size(), 2U);
}

TEST(Payload, APagerKnowsAnAlertByItsKey) {
    auto pager = channel_of("pager");
    pager.secret = "routing";
    const auto fires = json::parse(
        payload(pager, notice_of({"a"}, AlertState::firing), clock_of_test, 8h, "edge-7"));
    EXPECT_EQ(fires["routing_key"], "routing");
    EXPECT_EQ(fires["event_action"], "trigger");
    EXPECT_EQ(fires["payload"]["source"], "edge-7");
    EXPECT_EQ(fires["payload"]["custom_details"], (json{{"agent", "a"}}));
    const auto over = json::parse(
        payload(pager, notice_of({"a"}, AlertState::resolved), clock_of_test, 8h, "edge-7"));
    EXPECT_EQ(over, (json{{"routing_key", "routing"},
                          {"event_action", "resolve"},
                          {"dedup_key", fires["dedup_key"]}}));
    const auto other = json::parse(
        payload(pager, notice_of({std::string(300, 'b')}, AlertState::firing), clock_of_test, 8h));
    EXPECT_NE(other["dedup_key"], fires["dedup_key"]);
    EXPECT_LE(other["dedup_key"].get<std::string>().size(), 255U);
}

TEST(Mail, IsTextThatNothingIsSmuggledInto) {
    monitor::MailTerms terms;
    terms.from = "noa@edge.example";
    terms.to = {"a@example.com", "b@example.com"};
    auto notice = notice_of({"a"}, AlertState::firing);
    notice.alerts[0].summary = "caf\u00e9\r\nBcc: x@example.com" + std::string(200, 'x');
    const std::string text = monitor::mail_text(terms, notice, clock_of_test, "edge-7");
    EXPECT_TRUE(text.starts_with("From: <noa@edge.example>\r\nTo: <a@example.com>,\r\n "
                                 "<b@example.com>\r\nDate: Tue, 14 Nov 2023 22:13:20 +0000\r\n"
                                 "Subject: =?utf-8?B?"))
        << text;
    EXPECT_EQ(text.find("Bcc"), std::string::npos);
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text.find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - at, 78U);
        at = end + 2;
    }
    for (const char* wrong :
         {"", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<c@d>", "<a@b>"}) {
        EXPECT_FALSE(monitor::is_mail_address(wrong)) << wrong;
    }
    for (const char* wrong :
         {"", "smtp://", "http://h", "smtp://h/x", "smtp://u@h", "smtp://h\r\n"}) {
        EXPECT_FALSE(monitor::is_mail_server(wrong)) << wrong;
    }
    EXPECT_TRUE(monitor::is_mail_server("smtp://[::1]:2525"));
}

TEST(Payload, APostSaysHowLongItIs) {
    EXPECT_EQ(monitor::http_post({"::1", "81", "/x"}, "{}"),
              "POST /x HTTP/1.0\r\nHost: [::1]:81\r\nUser-Agent: noa-monitor/1\r\nAccept: */*\r\n"
              "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(DayFiles, EachDayHasItsOwnAndOldOnesGo) {
    constexpr std::int64_t day_ms = 86'400'000;
    const std::string folder =
        std::filesystem::temp_directory_path() / ("noa-days-" + std::to_string(::getpid()));
    for (int day = 0; day < 5; ++day) {
        ASSERT_TRUE(monitor::append_line(folder, 1'700'000'000'000 + day * day_ms, 2, "{}"));
        ASSERT_TRUE(monitor::append_line(folder, 1'700'000'000'000 + day * day_ms, 2, "{}"));
    }
    std::ofstream(folder + "/alerts-notes.jsonl") << "somebody's own";
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        files.push_back(entry.path().filename());
    }
    std::ranges::sort(files);
    EXPECT_THAT(files, ElementsAre("alerts-2023-11-16.jsonl", "alerts-2023-11-17.jsonl",
                                   "alerts-2023-11-18.jsonl", "alerts-notes.jsonl"));
    EXPECT_EQ(std::filesystem::file_size(folder + "/alerts-2023-11-18.jsonl"), 6U);
    std::filesystem::remove_all(folder);
    EXPECT_FALSE(monitor::append_line("/proc/nothing/here", 0, 2, "{}"));
}

TEST(Channels, WhatMakesNoSenseIsRefused) {
    monitor::ChannelSetting good;
    good.name = "chat";
    good.type = "slack";
    good.target = "http://127.0.0.1:1/secret";
    EXPECT_TRUE(good.check());
    EXPECT_EQ(good.shown_target(), "127.0.0.1:1");
    const auto refused = [&](auto change) {
        monitor::ChannelSetting bad = good;
        change(bad);
        EXPECT_FALSE(bad.check());
    };
    refused([](auto& bad) { bad.name = "A"; });
    refused([](auto& bad) { bad.type = "pigeon"; });
    refused([](auto& bad) { bad.target = "ftp://x/"; });
    refused([](auto& bad) { bad.target = std::string(2000, 'x'); });
    refused([](auto& bad) { bad.severity = "loud"; });
    refused([](auto& bad) { bad.timeout = 1ms; });
    refused([](auto& bad) { bad.keep_days = 0; });
    refused([](auto& bad) { bad.type = "file"; });
    refused([](auto& bad) {
        bad.type = "message";
        bad.target = "agent/";
    });
}

} // namespace
