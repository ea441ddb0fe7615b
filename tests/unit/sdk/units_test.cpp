#include "noa/sdk/units.hpp"

#include <gtest/gtest.h>

namespace noa::sdk {
namespace {

using namespace std::chrono_literals;

TEST(Units, ReadDurations) {
    EXPECT_EQ(*parse_duration("250ms"), 250ms);
    EXPECT_EQ(*parse_duration("30s"), 30s);
    EXPECT_EQ(*parse_duration("5m"), 5min);
    EXPECT_EQ(*parse_duration("5min"), 5min);
    EXPECT_EQ(*parse_duration("1h30m"), 90min);
    EXPECT_EQ(*parse_duration("7d"), 168h);
}

TEST(Units, ReadSizes) {
    EXPECT_EQ(parse_size("512B")->bytes, 512U);
    EXPECT_EQ(parse_size("48MiB")->bytes, 48U << 20U);
    EXPECT_EQ(parse_size("1kB")->bytes, 1000U);
}

TEST(Units, RefuseWhatIsNotAnAmount) {
    for (const char* text : {"", "s", "30", "-1s", "1.5s", "30 s", "30x", "s30", "30s1",
                             "9223372036854775808s", "4294967295d4294967295d"}) {
        const auto parsed = parse_duration(text);
        ASSERT_FALSE(parsed) << text;
        EXPECT_EQ(parsed.error().status, NOA_E_INVALID);
        EXPECT_NE(parsed.error().text.find("30s"), std::string::npos);
    }
    EXPECT_FALSE(parse_size("48"));
    EXPECT_FALSE(parse_size("48MB MiB"));
}

TEST(Units, WriteWhatTheyRead) {
    for (const Duration duration : {Duration(0), Duration(1), Duration(90min), Duration(1500ms)}) {
        EXPECT_EQ(*parse_duration(to_text(duration)), duration);
    }
    EXPECT_EQ(to_text(ByteSize{48U << 20U}), "48MiB");
    EXPECT_EQ(to_text(ByteSize{1000}), "1000B");
    EXPECT_EQ(to_text(ByteSize{0}), "0B");
}

} // namespace
} // namespace noa::sdk
