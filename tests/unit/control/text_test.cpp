#include "noactl/text.hpp"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace noa::noactl {
namespace {

TEST(EscapeText, LeavesPlainTextAlone) {
    EXPECT_EQ(escape_text("Grüße, 世界 😀"), "Grüße, 世界 😀");
}

TEST(EscapeText, DisarmsTheTerminal) {
    EXPECT_EQ(escape_text("a\x1b[2Jb"), "a\\x1b[2Jb");
    EXPECT_EQ(escape_text("a\nb\tc\rd\x7f"), "a\\nb\\tc\\rd\\x7f");
    EXPECT_EQ(escape_text(std::string_view("\0", 1)), "\\x00");
    EXPECT_EQ(escape_text("\xc2\x9b"), "\\x9b");       // CSI in one character
    EXPECT_EQ(escape_text("\xe2\x80\xae"), "\\u202e"); // right-to-left override
    EXPECT_EQ(escape_text("a\xff\xc0"), "a\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(EscapeLines, KeepsLines) {
    EXPECT_EQ(escape_lines("a\n\tb\r"), "a\n\tb\\r");
}

TEST(DisplayWidth, CountsColumns) {
    EXPECT_EQ(display_width("abc"), 3U);
    EXPECT_EQ(display_width("äöü"), 3U);
    EXPECT_EQ(display_width("世界"), 4U);
    EXPECT_EQ(display_width("e\xcc\x81"), 1U); // a combining accent
    EXPECT_EQ(display_width(""), 0U);
}

TEST(CutTo, NeverSplitsACharacter) {
    EXPECT_EQ(cut_to("abcdef", 6), "abcdef");
    EXPECT_EQ(cut_to("abcdef", 4), "abc…");
    EXPECT_EQ(cut_to("äöüäöü", 4), "äöü…");
    EXPECT_EQ(cut_to("世界世界", 4), "世…");
    EXPECT_EQ(cut_to("abc", 1), "…");
    EXPECT_EQ(cut_to("abc", 0), "");
}

TEST(JsonText, EscapesWhatATerminalActsOn) {
    EXPECT_EQ(json_text({{"a", "\x1b\x7f\xc2\x9b"}}, true), R"({"a":"\u001b\u007f\u009b"})");
    const nlohmann::json value{{"a", "\xe2\x80\xae"}};
    EXPECT_EQ(nlohmann::json::parse(json_text(value, false)), value);
}

TEST(JsonText, NeverFails) {
    EXPECT_EQ(json_text("\xff", true), "\"\xEF\xBF\xBD\"");
}

TEST(DurationText, ReadsWell) {
    constexpr std::int64_t s = 1'000'000'000;
    EXPECT_EQ(duration_text(0), "0 ms");
    EXPECT_EQ(duration_text(250'000), "0.25 ms");
    EXPECT_EQ(duration_text(350'000'000), "350 ms");
    EXPECT_EQ(duration_text(12 * s), "12 s");
    EXPECT_EQ(duration_text(184 * s), "3 min 4 s");
    EXPECT_EQ(duration_text(7'380 * s), "2 h 3 min");
    EXPECT_EQ(duration_text(439'200 * s), "5 d 2 h");
    EXPECT_EQ(duration_text(-5), "0 ms");
}

TEST(BytesText, ReadsWell) {
    EXPECT_EQ(bytes_text(512), "512 B");
    EXPECT_EQ(bytes_text(3'482), "3.4 KiB");
    EXPECT_EQ(bytes_text(std::uint64_t{17} * 1024 * 1024), "17 MiB");
}

} // namespace
} // namespace noa::noactl
