#include "alerts/alerts.hpp"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "alerts/record.hpp"
#include "alerts/trial.hpp"

namespace {

using namespace std::chrono_literals;
using monitor::AlertState;
using monitor::Kind;
using monitor::Labels;
using monitor::Notice;
using monitor::RuleSetting;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RuleSetting rule_called(const std::string& name) {
    RuleSetting setting;
    setting.name = name;
    setting.expression = "depth > 5";
    setting.keep = 0s;
    return setting;
}

// One rule over `depth`, in rounds of ten seconds.
struct AlertsOverTime : ::testing::Test {
    void rule(const RuleSetting& setting) {
        EXPECT_TRUE(setting.check());
        alerts.set(monitor::rules_of(false, {setting}), 4h);
    }
    // What is told after a round in which the agents have these depths.
    std::vector<std::string> round(const std::map<std::string, double>& depths,
                                   noa::Duration step = 10s) {
        now += step;
        monitor::Samples samples;
        for (const auto& [agent, depth] : depths) {
            samples.push_back({"depth", Kind::gauge, "", {{"agent", agent}}, depth});
        }
        ring.append(now, std::move(samples));
        std::vector<std::string> told;
        for (const Notice& notice : alerts.look(ring, now)) {
            std::string text = notice.firing ? "fires" : "over";
            for (const auto& alert : notice.alerts) {
                text += " " + alert.labels.at(0).second;
            }
            told.push_back(text);
        }
        return told;
    }
    noa::Time now{1h};
    monitor::SeriesRing ring;
    monitor::Alerts alerts;
};

TEST_F(AlertsOverTime, FiresOnceAndIsOverOnce) {
    rule(rule_called("Deep"));
    EXPECT_THAT(round({{"a", 1}}), IsEmpty());
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("fires a"));
    EXPECT_THAT(round({{"a", 7}}), IsEmpty());
    EXPECT_EQ(alerts.firing(), 1U);
    EXPECT_THAT(round({{"a", 2}}), ElementsAre("over a"));
    EXPECT_THAT(round({{"a", 2}}), IsEmpty());
    EXPECT_EQ(alerts.firing(), 0U);
}

TEST_F(AlertsOverTime, WaitsUntilItHasHeldForLongEnough) {
    RuleSetting setting = rule_called("Deep");
    setting.wait = 20s;
    rule(setting);
    EXPECT_THAT(round({{"a", 6}}), IsEmpty());
    EXPECT_EQ(alerts.all().at(0)->state, AlertState::pending);
    EXPECT_THAT(round({{"a", 6}}), IsEmpty());
    EXPECT_THAT(round({{"a", 1}}), IsEmpty()); // begins anew
    EXPECT_THAT(alerts.all(), IsEmpty());
    EXPECT_THAT(round({{"a", 6}}), IsEmpty());
    EXPECT_THAT(round({{"a", 6}}), IsEmpty());
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("fires a"));
}

TEST_F(AlertsOverTime, WhatFlapsIsOneAlert) {
    RuleSetting setting = rule_called("Deep");
    setting.keep = 30s;
    rule(setting);
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("fires a"));
    for (int flap = 0; flap < 20; ++flap) {
        EXPECT_THAT(round({{"a", flap % 2 == 0 ? 1 : 6}}), IsEmpty());
    }
    EXPECT_THAT(round({}), IsEmpty());
    EXPECT_THAT(round({}), IsEmpty());
    EXPECT_THAT(round({}), ElementsAre("over a"));
}

TEST_F(AlertsOverTime, WhatFiresAgainWithinTheCooldownIsHeldBack) {
    RuleSetting setting = rule_called("Deep");
    setting.cooldown = 60s;
    rule(setting);
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("fires a"));
    EXPECT_THAT(round({{"a", 1}}), ElementsAre("over a"));
    EXPECT_THAT(round({{"a", 6}}), IsEmpty());
    EXPECT_THAT(round({{"a", 1}}), IsEmpty()); // was not told, and is over
    EXPECT_THAT(round({{"a", 6}}), IsEmpty());
    EXPECT_THAT(round({{"a", 6}}), IsEmpty());
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("fires a")); // it lasts: nothing is lost
}

TEST_F(AlertsOverTime, WhatLastsIsToldAgain) {
    rule(rule_called("Deep"));
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("fires a"));
    EXPECT_THAT(round({{"a", 6}}, 3h), IsEmpty());
    EXPECT_THAT(round({{"a", 6}}, 1h), ElementsAre("fires a"));
}

TEST_F(AlertsOverTime, WhatBeginsTogetherIsToldTogether) {
    rule(rule_called("Deep"));
    EXPECT_THAT(round({{"a", 6}, {"b", 1}, {"c", 9}}), ElementsAre("fires a c"));
    EXPECT_THAT(round({{"a", 1}, {"b", 6}, {"c", 9}}), ElementsAre("fires b", "over a"));
}

TEST_F(AlertsOverTime, ASilencedAlertIsToldWhenTheSilenceEnds) {
    rule(rule_called("Deep"));
    const auto id = alerts.silence({"", "Deep", {{"agent", "a"}}, now + 25s, "at work"});
    ASSERT_TRUE(id);
    EXPECT_THAT(round({{"a", 6}, {"b", 6}}), ElementsAre("fires b"));
    EXPECT_EQ(alerts.all().at(0)->silence, *id);
    EXPECT_THAT(round({{"a", 6}, {"b", 6}}), IsEmpty());
    EXPECT_THAT(round({{"a", 6}, {"b", 6}}), ElementsAre("fires a"));
    EXPECT_THAT(alerts.silences(), IsEmpty());
}

TEST_F(AlertsOverTime, WhatWasToldIsToldToBeOverThoughSilenced) {
    rule(rule_called("Deep"));
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("fires a"));
    const auto id = alerts.silence({"", "", {{"agent", "a"}}, now + 1h, ""});
    EXPECT_THAT(round({{"a", 1}}), ElementsAre("over a"));
    EXPECT_THAT(round({{"a", 6}}, 10min), IsEmpty());
    EXPECT_THAT(round({{"a", 1}}), IsEmpty());
    EXPECT_TRUE(alerts.unsilence(*id));
    EXPECT_FALSE(alerts.unsilence(*id));
}

TEST_F(AlertsOverTime, ARuleThatIsTakenAwayIsOver) {
    rule(rule_called("Deep"));
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("fires a"));
    alerts.set({}, 4h);
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("over a"));
}

TEST_F(AlertsOverTime, LabelsThatExplodeAreCounted) {
    rule(rule_called("Deep"));
    std::map<std::string, double> many;
    for (int at = 0; at < 300; ++at) {
        many[std::to_string(at)] = 6;
    }
    EXPECT_EQ(round(many).size(), 1U);
    EXPECT_EQ(alerts.firing(), 200U);
    EXPECT_EQ(alerts.refused(), 100U);
    for (int at = 0; at < 200; ++at) {
        ASSERT_TRUE(alerts.silence({"", "x", {}, now + 1h, ""}));
    }
    EXPECT_FALSE(alerts.silence({"", "x", {}, now + 1h, ""}));
}

TEST_F(AlertsOverTime, AWrittenRecordIsReadBack) {
    rule(rule_called("Deep"));
    EXPECT_THAT(round({{"a", 6}}), ElementsAre("fires a"));
    EXPECT_TRUE(alerts.silence({"", "Deep", {{"agent", "b"}}, now + 1h, "\xff"}));
    const std::string text = monitor::write_record(alerts, {}, {now, 1'000'000'000'000});
    now += 5min; // another boot, on another clock
    auto record = monitor::read_record(text, {now, 1'000'000'060'000});
    ASSERT_TRUE(record) << record.error().text;
    monitor::Alerts next;
    next.restore(std::move(record->alerts), std::move(record->silences));
    EXPECT_EQ(next.silences().at(0).until, now - 1min + 1h);
    EXPECT_EQ(next.all().at(0)->fired, now - 1min);
    alerts = std::move(next);
    rule(rule_called("Deep"));
    EXPECT_THAT(round({{"a", 6}, {"b", 6}}), IsEmpty()); // told before, and silenced
    EXPECT_EQ(*alerts.silence({"", "x", {}, now + 1h, ""}), "2");
    EXPECT_THAT(round({{"a", 1}}), ElementsAre("over a"));
}

TEST(AlertRecord, WhatIsNoRecordIsRefused) {
    for (const char* text :
         {"{", "[]", "{}", R"({"version": 2, "alerts": [], "silences": []})",
          R"({"version": 1, "alerts": {}, "silences": []})", R"({"version": 1, "alerts": []})",
          R"({"version": 1, "alerts": [], "silences": []})",
          R"({"version": 1, "alerts": [], "silences": [], "waiting": {"a": 1}})",
          R"({"version": 1, "alerts": [5], "silences": []})",
          R"({"version": 1, "alerts": [], "silences": [{"id": 1}]})"}) {
        EXPECT_FALSE(monitor::read_record(text, {noa::Time(1h), 1})) << text;
    }
    EXPECT_TRUE(monitor::read_record("", {noa::Time(1h), 1}));
}

// What each shipped rule is told of, in promtool's notation, rounds of ten seconds: it fires, and
// it is over.
struct Case {
    const char* rule;
    const char* labels; // agent or check
    std::vector<std::pair<const char*, const char*>> series;
};
const std::vector<Case> cases{
    {"HealthCritical", "agent", {{"noa_agent_health", "0x5 2x5 1x10"}}},
    {"HealthNeedsRepair", "agent", {{"noa_agent_health", "0x5 1x5 2x10"}}},
    {"AgentDown", "agent", {{"noa_agent_up", "1x5 0x35 1x10"}, {"noa_agent_stopped", "0x60"}}},
    {"ServiceDown", "check", {{"noa_check_up", "1x5 0x5 1x10"}}},
    {"CheckFailed", "check", {{"noa_check_up", "1x5 0x5 1x10"}}},
    {"HighTaskQueueDepth", "agent", {{"noa_agent_inbox_depth", "1000x5 1001x35 1000x10"}}},
    {"TaskFailureRate", "agent", {{"noa_agent_messages_failed_total", "0x5 0+1x120 120x60"}}},
    {"HighErrorRate",
     "agent",
     {{"noa_agent_messages_failed_total", "0x5 0+10x10 100x60"},
      {"noa_agent_messages_handled_total", "0+100x80"}}},
    {"HighLatency",
     "agent",
     {{"noa_agent_message_seconds_bucket|1.024", "0+10x4 50x10 50+10x60"},
      {"noa_agent_message_seconds_bucket|2.048", "0+10x80"},
      {"noa_agent_message_seconds_bucket|+Inf", "0+10x80"}}},
    {"HighCpu", "mode", {{"noa_system_cpu_seconds_total", "0+5x10 50x20 50+9x20"}}},
    {"MemoryAbove80",
     "",
     {{"noa_system_memory_available_bytes", "50x5 19x5 21x10"},
      {"noa_system_memory_total_bytes", "100x30"}}},
    {"MemoryAbove85",
     "",
     {{"noa_system_memory_available_bytes", "50x5 14x5 16x10"},
      {"noa_system_memory_total_bytes", "100x30"}}},
    {"DatabaseConnectionPoolExhausted",
     "agent",
     {{"noa_database_connections_used", "18x5 19x35 18x10"}}},
};

Labels labels_of(const Case& one) {
    const std::string_view of = one.labels;
    return of == "agent"  ? Labels{{"agent", "cache"}}
           : of == "mode" ? Labels{{"cpu", "0"}, {"mode", "idle"}}
           : of == "check"
               ? Labels{{"check", "site"},
                        {"critical", one.rule == std::string("ServiceDown") ? "true" : "false"}}
               : Labels{};
}

TEST(ShippedRules, EachFiresAndIsOver) {
    std::set<std::string> tried;
    for (const Case& one : cases) {
        SCOPED_TRACE(one.rule);
        tried.insert(one.rule);
        auto rules = monitor::rules_of(true, {});
        std::erase_if(rules, [&](const auto& rule) { return rule.setting.name != one.rule; });
        ASSERT_EQ(rules.size(), 1U);
        std::vector<monitor::TrialSeries> series;
        for (const auto& [name, values] : one.series) {
            const auto parsed = monitor::parse_values(values);
            ASSERT_TRUE(parsed) << parsed.error().text;
            const std::string_view all = name; // of a histogram with the bound behind it
            auto labels = labels_of(one);
            if (const auto bar = all.find('|'); bar != std::string_view::npos) {
                labels.emplace_back("le", all.substr(bar + 1));
            }
            series.push_back({std::string(all.substr(0, all.find('|'))), labels, *parsed});
        }
        const noa::Duration wait = rules[0].setting.wait;
        std::vector<AlertState> told;
        noa::Duration pending{0};
        for (const auto& step : monitor::try_rules(std::move(rules), series, 10s)) {
            if (step.alert.state == AlertState::pending) {
                pending = step.at;
            } else if (step.told) {
                told.push_back(step.alert.state);
                EXPECT_TRUE(step.alert.state != AlertState::firing || step.at >= pending + wait);
                EXPECT_EQ(step.alert.summary.find('$'), std::string::npos);
            }
        }
        EXPECT_THAT(told, ElementsAre(AlertState::firing, AlertState::resolved));
    }
    for (const RuleSetting& setting : monitor::shipped_rules()) {
        EXPECT_TRUE(setting.check()) << setting.name;
        EXPECT_TRUE(tried.contains(setting.name)) << setting.name;
    }
}

TEST(ShippedRules, AnAgentThatSomebodyStoppedIsNotDown) {
    const std::vector<monitor::TrialSeries> series{
        {"noa_agent_up", {{"agent", "a"}}, *monitor::parse_values("0x60")},
        {"noa_agent_stopped", {{"agent", "a"}}, *monitor::parse_values("1x60")}};
    EXPECT_THAT(monitor::try_rules(monitor::rules_of(true, {}), series, 10s), IsEmpty());
}

TEST(ShippedRules, AnAgentThatNobodyAsksIsNotSlow) {
    const std::vector<monitor::TrialSeries> series{{"noa_agent_message_seconds_bucket",
                                                    {{"agent", "a"}, {"le", "1.024"}},
                                                    *monitor::parse_values("5x40")},
                                                   {"noa_agent_message_seconds_bucket",
                                                    {{"agent", "a"}, {"le", "+Inf"}},
                                                    *monitor::parse_values("9x40")}};
    EXPECT_THAT(monitor::try_rules(monitor::rules_of(true, {}), series, 10s), IsEmpty());
}

TEST(Rules, OnesOwnTakeThePlaceOfShippedOnes) {
    RuleSetting own = rule_called("HighCpu");
    RuleSetting off;
    off.name = "HighLatency";
    off.enabled = false;
    EXPECT_TRUE(off.check());
    const auto rules = monitor::rules_of(true, {own, off});
    EXPECT_EQ(rules.size(), monitor::shipped_rules().size() - 1);
    EXPECT_EQ(rules.back().setting.expression, "depth > 5");
}

TEST(Rules, WhatMakesNoSenseIsRefused) {
    for (const char* summary : {"{{ $labels.a-b }}", "{{ x }}", "{{", "{{ $value", "\n"}) {
        RuleSetting setting = rule_called("a");
        setting.summary = summary;
        EXPECT_FALSE(setting.check()) << summary;
    }
    EXPECT_FALSE(rule_called("").check());
    EXPECT_FALSE(rule_called("9a").check());
    EXPECT_FALSE(rule_called("a.b").check());
    RuleSetting bad = rule_called("a");
    bad.expression = "depth >";
    EXPECT_EQ(bad.check().error().text, "/expression: column 8: a name is expected");
    bad = rule_called("a");
    bad.severity = "loud";
    EXPECT_FALSE(bad.check());
}

TEST(Rules, ASummaryIsFilledIn) {
    EXPECT_EQ(
        monitor::fill_in("{{$labels.a}} of {{ $labels.b }} is {{ $value }}!", {{"a", "x{{"}}, 0.5),
        "x{{ of  is 0.5!");
    for (const auto& [value, text] : {std::pair{0.24998971, "0.25"},
                                      {93.12789, "93.13"},
                                      {999.0, "999"},
                                      {1234.5678, "1235"},
                                      {73400320.25, "73400320"},
                                      {-2.0, "-2"},
                                      {0.0, "0"}}) {
        EXPECT_EQ(monitor::fill_in("{{ $value }}", {}, value), text);
    }
}

TEST(Rules, PrometheusHasTheSame) {
    RuleSetting setting = rule_called("Deep");
    setting.expression = "depth{a=\"b\"} > 5";
    setting.wait = 90min;
    setting.summary = "{{ $value }} \"deep\"";
    const std::string text = monitor::prometheus_rules(monitor::rules_of(false, {setting}));
    EXPECT_THAT(text, HasSubstr("- alert: Deep\n        expr: \"depth{a=\\\"b\\\"} > 5\"\n"
                                "        for: 90m\n        labels:\n"
                                "          severity: warning\n        annotations:\n"
                                "          summary: \"{{ $value }} \\\"deep\\\"\"\n"));
    EXPECT_EQ(monitor::prometheus_rules({}), "groups: []\n");
}

TEST(Trial, ValuesAreReadAsPromtoolDoes) {
    using Values = std::vector<std::optional<double>>;
    EXPECT_EQ(*monitor::parse_values("1 -2.5  3"), (Values{1, -2.5, 3}));
    EXPECT_EQ(*monitor::parse_values("0+10x2 5-1x1 7x1"), (Values{0, 10, 20, 5, 4, 7, 7}));
    EXPECT_EQ(*monitor::parse_values("_ 1 _x2"),
              (Values{std::nullopt, 1, std::nullopt, std::nullopt}));
    EXPECT_EQ(*monitor::parse_values(""), Values());
    for (const char* bad : {"x", "1+", "1+2", "1x", "1x-2", "_y", "_x", "1y", "inf", "1x99999",
                            "1x2000 1", "1+x3", "nan"}) {
        EXPECT_FALSE(monitor::parse_values(bad)) << bad;
    }
}

} // namespace
