// Figures on the disk, day by day.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/resource.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "collect/day_text.hpp"
#include "collect/days.hpp"

namespace monitor {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr std::int64_t day = 86'400'000;
constexpr std::int64_t noon = 20'000 * day + day / 2; // 2024-10-04

class DaysTest : public ::testing::Test {
protected:
    DaysTest() {
        std::string form = "/tmp/noa-days-XXXXXX";
        folder_ = ::mkdtemp(form.data());
    }
    ~DaysTest() override { fs::remove_all(folder_); }

    DayFiles files(std::int64_t keep_days = 30, std::uint64_t most = 1U << 20U) {
        return DayFiles({folder_ + "/metrics", keep_days, most});
    }
    static std::string lines(std::int64_t at, double value, const std::string& label = "x") {
        SeriesRing ring;
        ring.append(noa::Time(1s), {{"noa_up", Kind::gauge, "", {{"agent", label}}, value},
                                    {"noa_up_total", Kind::counter, "", {}, 7}});
        return day_lines(ring, at);
    }
    std::vector<std::string> names() {
        std::vector<std::string> all;
        for (const auto& one : fs::directory_iterator(folder_ + "/metrics")) {
            all.push_back(one.path().filename());
        }
        std::ranges::sort(all);
        return all;
    }
    std::string folder_;
};

TEST_F(DaysTest, ALineIsAFigureOfARound) {
    EXPECT_EQ(lines(noon, 1, "a\"b"),
              "{\"at\":1728043200000,\"name\":\"noa_up\",\"type\":\"gauge\",\"series\":"
              "[[{\"agent\":\"a\\\"b\"},1]]}\n"
              "{\"at\":1728043200000,\"name\":\"noa_up_total\",\"type\":\"counter\",\"series\":"
              "[[{},7]]}\n");
}

TEST_F(DaysTest, FormerDaysAreCompressedAndReadAsOne) {
    DayFiles all = files();
    for (int at = 0; at < 4; ++at) {
        ASSERT_TRUE(all.append(noon + at * day / 3, lines(noon + at * day / 3, at)));
    }
    EXPECT_THAT(names(), ElementsAre("metrics-2024-10-04.jsonl.zst", "metrics-2024-10-05.jsonl"));
    HistoryQuery query{"noa_up", {{"agent", "x", true}}, noon, noon + 2 * day, 0, 100};
    const auto whole = all.read(query);
    ASSERT_TRUE(whole) << whole.error().text;
    EXPECT_EQ(whole->type, "gauge");
    ASSERT_THAT(whole->series, SizeIs(1));
    EXPECT_THAT(whole->series.begin()->second,
                ElementsAre(Pair(noon, 0.0), Pair(noon + day / 3, 1.0),
                            Pair(noon + 2 * day / 3, 2.0), Pair(noon + day, 3.0)));
    query.step = day;
    EXPECT_THAT(all.read(query)->series.begin()->second, SizeIs(2));
    query.step = 0;
    query.most_points = 2;
    EXPECT_FALSE(all.read(query)->whole);
    std::stop_source stop;
    stop.request_stop();
    query.stop = stop.get_token();
    EXPECT_FALSE(all.read(query)->whole);
    query.stop = {};
    query.match[0].value = "y";
    EXPECT_THAT(all.read(query)->series, SizeIs(0));
    query.name = "noa";
    EXPECT_EQ(all.read(query)->type, "");
}

TEST_F(DaysTest, WhatIsTooOldOrTooMuchGoesTheOldestFirst) {
    DayFiles all = files(3);
    for (int at = 0; at < 6; ++at) {
        ASSERT_TRUE(all.append(noon + at * day, lines(noon, at)));
    }
    EXPECT_THAT(names(), ElementsAre("metrics-2024-10-07.jsonl.zst", "metrics-2024-10-08.jsonl.zst",
                                     "metrics-2024-10-09.jsonl"));
    std::ofstream(folder_ + "/metrics/metrics-2024-10-07.jsonl.zst") << std::string(2U << 20U, 'x');
    DayFiles again = files(30);
    ASSERT_TRUE(again.append(noon + 6 * day, lines(noon, 1)));
    EXPECT_THAT(names(), ElementsAre("metrics-2024-10-08.jsonl.zst", "metrics-2024-10-09.jsonl.zst",
                                     "metrics-2024-10-10.jsonl"));
    EXPECT_EQ(again.append(noon + 6 * day, std::string(1U << 20U, 'x')).error().status,
              NOA_E_TOO_LARGE);
}

TEST_F(DaysTest, ATornLineIsPassedOver) {
    ASSERT_TRUE(files().append(noon, lines(noon, 1)));
    const std::string path = folder_ + "/metrics/metrics-2024-10-04.jsonl";
    std::ofstream(path, std::ios::app) << "{\"at\":1728043200001,\"name\":\"noa_up\",\"ty";
    DayFiles next = files();
    ASSERT_TRUE(next.append(noon + 1000, lines(noon + 1000, 2)));
    const auto whole = next.read({"noa_up", {}, 0, noon + day, 0, 100});
    ASSERT_TRUE(whole);
    EXPECT_THAT(whole->series.begin()->second,
                ElementsAre(Pair(noon, 1.0), Pair(noon + 1000, 2.0)));
}

TEST_F(DaysTest, ADamagedFileGivesWhatCanBeRead) {
    DayFiles all = files();
    ASSERT_TRUE(all.append(noon - day, lines(noon - day, 1)));
    ASSERT_TRUE(all.append(noon, lines(noon, 2)));
    std::ofstream(folder_ + "/metrics/metrics-2024-10-03.jsonl.zst") << "no zstd at all";
    std::ofstream(folder_ + "/metrics/metrics-2024-10-04.jsonl", std::ios::app)
        << "null\n{\"at\":1728043200000,\"name\":\"noa_up\",\"series\":7}\n"
        << "{\"at\":1728043200000,\"name\":\"noa_up\",\"series\":[7,[{},\"x\"],[[],1]]}\n";
    const auto whole = all.read({"noa_up", {}, 0, noon + day, 0, 100});
    ASSERT_TRUE(whole);
    EXPECT_THAT(whole->series.begin()->second, ElementsAre(Pair(noon, 2.0)));
}

// A file that may not grow fails like a full disk.
TEST_F(DaysTest, AFullDiskIsSaidAndWrittenAfter) {
    ::signal(SIGXFSZ, SIG_IGN);
    DayFiles all = files();
    ASSERT_TRUE(all.append(noon, lines(noon, 1)));
    rlimit former{};
    ::getrlimit(RLIMIT_FSIZE, &former);
    const rlimit tight{fs::file_size(folder_ + "/metrics/metrics-2024-10-04.jsonl") + 10,
                       former.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &tight);
    const auto refused = all.append(noon + 1000, lines(noon + 1000, 2));
    ::setrlimit(RLIMIT_FSIZE, &former);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text, HasSubstr("write"));
    ASSERT_TRUE(all.append(noon + 2000, lines(noon + 2000, 3)));
    EXPECT_THAT(all.read({"noa_up", {}, 0, noon + day, 0, 100})->series.begin()->second,
                ElementsAre(Pair(noon, 1.0), Pair(noon + 2000, 3.0)));
}

} // namespace
} // namespace monitor
