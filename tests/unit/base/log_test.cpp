#include "base/log.hpp"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace noa {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

LogLine line_of(std::string text) {
    return {1,
            1'795'240'800'123'456'789,
            Level::info,
            "agent.said",
            {{"agent", "cache"}, {"text", std::move(text)}}};
}

std::string shown(std::string text) {
    return Log::render(line_of(std::move(text)), LogFormat::text);
}

TEST(log, a_line_is_time_level_event_and_fields_in_order) {
    EXPECT_EQ(shown("hello"),
              "2026-11-21T06:00:00.123Z INFO  event=agent.said agent=cache text=hello");
    const LogLine line{1, 0, Level::error, "e", {{"z", 2}, {"a", true}, {"list", {1, "b"}}}};
    EXPECT_EQ(Log::render(line, LogFormat::text),
              R"(1970-01-01T00:00:00.000Z ERROR event=e z=2 a=true list="[1,\"b\"]")");
}

TEST(log, json_lines_hold_the_same) {
    const auto text = Log::render(line_of("a\nb \xC3\xA4"), LogFormat::json);
    EXPECT_EQ(text.find('\n'), std::string::npos);
    const auto back = nlohmann::json::parse(text);
    EXPECT_EQ(back.at("time"), "2026-11-21T06:00:00.123Z");
    EXPECT_EQ(back.at("level"), "info");
    EXPECT_EQ(back.at("event"), "agent.said");
    EXPECT_EQ(back.at("text"), "a\nb \xC3\xA4");
}

TEST(log, texts_are_quoted_only_when_they_must_be) {
    EXPECT_THAT(shown("/a/b.so:1:2"), EndsWith(" text=/a/b.so:1:2"));
    EXPECT_THAT(shown("two words"), EndsWith(R"( text="two words")"));
    EXPECT_THAT(shown(""), EndsWith(R"( text="")"));
    EXPECT_THAT(shown("a=b"), EndsWith(R"( text="a=b")"));
    EXPECT_THAT(shown(R"(say "x\y")"), EndsWith(R"( text="say \"x\\y\"")"));
    EXPECT_THAT(shown("gr\xC3\xBC\xC3\x9F"), EndsWith(" text=gr\xC3\xBC\xC3\x9F"));
}

TEST(log, hostile_texts_cannot_forge_lines_or_command_a_terminal) {
    EXPECT_THAT(shown("a\r\nb\tc"), EndsWith(R"( text="a\r\nb\tc")"));
    EXPECT_THAT(shown(std::string("\0\x1B[2J\x7F", 6)),
                EndsWith(R"( text="\u0000\u001b[2J\u007f")"));
    EXPECT_THAT(shown("\xC2\x9B"), EndsWith(R"( text="\u009b")")); // C1
    EXPECT_THAT(shown("\xE2\x80\xAE\xE2\x80\xA8"), EndsWith(R"( text="\u202e\u2028")"));
    EXPECT_THAT(shown("\xFF"), EndsWith(R"( text="\ufffd")"));
}

TEST(log, what_is_written_reaches_stderr_as_one_line) {
    CaptureStderr();
    Log log(LogFormat::text, false);
    log.write(Level::warning, "agent.failed", {{"agent", "cache"}, {"why", "a\nb"}});
    const auto out = GetCapturedStderr();
    EXPECT_THAT(out, HasSubstr("Z WARN  event=agent.failed agent=cache why=\"a\\nb\"\n"));
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
}

TEST(log, braces_and_percents_are_nothing_special) {
    CaptureStderr();
    Log log(LogFormat::text, false);
    log.write(Level::info, "e", {{"text", "{} %s %v"}});
    EXPECT_THAT(GetCapturedStderr(), EndsWith("text=\"{} %s %v\"\n"));
}

TEST(log, journal_lines_start_with_their_priority_and_no_time) {
    CaptureStderr();
    Log log(LogFormat::text, true);
    log.set_level(Level::debug);
    log.write(Level::debug, "d", {});
    log.write(Level::info, "i", {});
    log.write(Level::warning, "w", {});
    log.write(Level::error, "e", {});
    EXPECT_EQ(GetCapturedStderr(), "<7>DEBUG event=d\n<6>INFO  event=i\n<4>WARN  event=w\n"
                                   "<3>ERROR event=e\n");
}

TEST(log, levels_below_the_default_are_not_written_nor_numbered) {
    CaptureStderr();
    Log log(LogFormat::text, false);
    EXPECT_FALSE(log.enabled(Level::debug));
    log.write(Level::debug, "hidden", {});
    log.set_level(Level::error);
    log.write(Level::warning, "hidden", {});
    log.write(Level::error, "seen", {});
    EXPECT_THAT(GetCapturedStderr(), ::testing::Not(HasSubstr("hidden")));
    ASSERT_EQ(log.tail(10).size(), 1U);
    EXPECT_EQ(log.tail(10)[0].sequence, 1U);
}

TEST(log, an_agent_may_have_a_level_of_its_own) {
    CaptureStderr();
    Log log(LogFormat::text, false);
    log.set_agent_level("cache", Level::debug);
    log.set_agent_level("noisy", Level::error);
    EXPECT_TRUE(log.enabled(Level::debug));
    log.write(Level::debug, "a", {{"agent", "cache"}});
    log.write(Level::debug, "b", {{"agent", "other"}});
    log.write(Level::debug, "c", {});
    log.write(Level::warning, "d", {{"agent", "noisy"}});
    log.set_agent_level("cache", std::nullopt);
    EXPECT_FALSE(log.enabled(Level::debug));
    log.write(Level::debug, "e", {{"agent", "cache"}});
    const auto out = GetCapturedStderr();
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << out;
    EXPECT_THAT(out, HasSubstr("event=a agent=cache"));
}

TEST(log, errors_become_fields_of_one_line) {
    CaptureStderr();
    Log log(LogFormat::text, false);
    log.error("agent.failed", {Errc::refused, "load plugin", "/p.so", "no entry", "rebuild it"},
              {{"agent", "x"}});
    EXPECT_THAT(GetCapturedStderr(),
                EndsWith("ERROR event=agent.failed agent=x code=refused attempt=\"load plugin\" "
                         "object=/p.so reason=\"no entry\" advice=\"rebuild it\"\n"));
}

TEST(log, lines_are_bounded) {
    CaptureStderr();
    Log log(LogFormat::text, false);
    const std::string big(100'000, 'x');
    nlohmann::json many = nlohmann::json::object();
    for (int i = 0; i < 1000; ++i) {
        many["key" + std::to_string(i)] = big;
    }
    log.write(Level::info, big, many);
    log.write(Level::info, "deep", {{"value", nlohmann::json::array({big, big})}});
    EXPECT_LT(GetCapturedStderr().size(), 24U * 1024U);
    const auto lines = log.tail(10);
    ASSERT_EQ(lines.size(), 2U);
    EXPECT_LE(lines[0].event.size(), 64U);
    EXPECT_EQ(lines[0].fields.begin()->get<std::string>().size(), 4096U);
}

TEST(log, keys_cannot_pass_for_the_lines_own) {
    CaptureStderr();
    Log log(LogFormat::text, false);
    log.write(Level::info, "a b\n", {{"event", 1}, {"x=y z", 2}, {"", 3}});
    EXPECT_THAT(GetCapturedStderr(), EndsWith("event=a_b_ event_=1 x_y_z=2 _=3\n"));
}

TEST(log, the_tail_holds_the_newest_thousand_lines) {
    CaptureStderr();
    Log log(LogFormat::text, false);
    for (int i = 1; i <= 1500; ++i) {
        log.write(Level::info, "n", {{"i", i}, {"z", "first"}, {"a", "second"}});
    }
    (void)GetCapturedStderr();
    const auto all = log.tail(5000);
    ASSERT_EQ(all.size(), 1000U);
    EXPECT_EQ(all.front().sequence, 501U);
    EXPECT_EQ(all.back().sequence, 1500U);
    EXPECT_EQ(all.back().fields.dump(), R"({"i":1500,"z":"first","a":"second"})");
    EXPECT_EQ(log.tail(3).front().sequence, 1498U);
    EXPECT_EQ(log.tail(5000, 1490).size(), 10U);
    EXPECT_EQ(log.tail(3, 1490).front().sequence, 1498U);
    EXPECT_TRUE(log.tail(10, 1500).empty());
    EXPECT_TRUE(log.tail(10, UINT64_MAX).empty());
    EXPECT_TRUE(log.tail(0).empty());
}

TEST(log, the_tail_is_bounded_in_bytes) {
    CaptureStderr();
    Log log(LogFormat::json, false);
    for (int i = 0; i < 1000; ++i) {
        log.write(Level::info, "n", {{"text", std::string(4000, 'x')}});
    }
    (void)GetCapturedStderr();
    EXPECT_LT(log.tail(5000).size(), 140U);
    EXPECT_GT(log.tail(5000).size(), 100U);
}

TEST(log, level_names_are_read_in_any_case) {
    EXPECT_EQ(parse_level("INFO"), Level::info);
    EXPECT_EQ(parse_level("warn"), Level::warning);
    EXPECT_EQ(parse_level("Warning"), Level::warning);
    EXPECT_EQ(parse_level("loud"), std::nullopt);
    EXPECT_EQ(parse_level(""), std::nullopt);
    EXPECT_EQ(name_of(Level::debug), "debug");
}

} // namespace
} // namespace noa
