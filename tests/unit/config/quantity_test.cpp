#include "config/quantity.hpp"

#include <gtest/gtest.h>

namespace noa::config {
namespace {

using std::chrono::microseconds;

TEST(quantity, durations_have_a_unit) {
    EXPECT_EQ(parse_duration("50us"), microseconds(50));
    EXPECT_EQ(parse_duration("100ms"), microseconds(100'000));
    EXPECT_EQ(parse_duration("60s"), microseconds(60'000'000));
    EXPECT_EQ(parse_duration("10min"), microseconds(600'000'000));
    EXPECT_EQ(parse_duration("1h"), microseconds(3'600'000'000));
    EXPECT_EQ(parse_duration("2d"), microseconds(172'800'000'000));
    EXPECT_EQ(parse_duration("0s"), microseconds(0));
    for (const auto* bad : {"", "5", "s", "-1s", "1.5s", "1 s", "1S", "1m", "1s ", " 1s", "+1s",
                            "1sec", "99999999999999999999s", "9999999999999h", "4000d"}) {
        EXPECT_FALSE(parse_duration(bad)) << bad;
    }
}

TEST(quantity, sizes_are_binary_or_decimal) {
    EXPECT_EQ(parse_size("0B"), 0U);
    EXPECT_EQ(parse_size("48MiB"), 48U << 20U);
    EXPECT_EQ(parse_size("1kB"), 1000U);
    EXPECT_EQ(parse_size("3TB"), 3'000'000'000'000U);
    EXPECT_EQ(parse_size("16TiB"), 16ULL << 40U);
    for (const auto* bad : {"", "48", "48mib", "48 MiB", "-1B", "1.5GiB", "16777216TiB", "1K"}) {
        EXPECT_FALSE(parse_size(bad)) << bad;
    }
}

TEST(quantity, are_shown_in_the_largest_exact_unit) {
    EXPECT_EQ(render_duration(microseconds(90'000'000)), "90s");
    EXPECT_EQ(render_duration(microseconds(120'000'000)), "2min");
    EXPECT_EQ(render_duration(microseconds(1)), "1us");
    EXPECT_EQ(render_duration(microseconds(0)), "0s");
    EXPECT_EQ(render_size(16U << 20U), "16MiB");
    EXPECT_EQ(render_size(1000), "1kB");
    EXPECT_EQ(render_size(1023), "1023B");
    EXPECT_EQ(render_size(0), "0B");
}

TEST(quantity, what_is_shown_reads_back) {
    for (const std::uint64_t bytes : {1ULL, 1024ULL, 1'000'000ULL, 16'777'216ULL, 12345ULL}) {
        EXPECT_EQ(parse_size(render_size(bytes)), bytes);
        EXPECT_EQ(parse_duration(render_duration(microseconds(bytes))), microseconds(bytes));
    }
}

} // namespace
} // namespace noa::config
