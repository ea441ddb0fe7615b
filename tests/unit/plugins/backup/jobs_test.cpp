#include <gtest/gtest.h>

#include "jobs/databases.hpp"
#include "jobs/records.hpp"
#include "jobs/schedule.hpp"
#include "noa/sdk/sqlite.hpp"
#include "repository/timestamp.hpp"
#include "repository_fixture.hpp"

namespace backup {
namespace {

std::int64_t at(const char* text) {
    return Timestamp::parse(text)->seconds;
}
std::string next(const char* schedule, const char* last) {
    const auto parsed = Schedule::parse(schedule);
    EXPECT_TRUE(parsed) << parsed.error().text;
    return Timestamp{parsed->next_after(at(last)), 0}.text();
}

TEST(Schedules, have_calendar_times) {
    EXPECT_EQ(next("hourly", "2024-01-01T10:00:00Z"), "2024-01-01T11:00:00Z");
    EXPECT_EQ(next("hourly :15", "2024-01-01T10:14:59Z"), "2024-01-01T10:15:00Z");
    EXPECT_EQ(next("daily", "2024-02-28T23:59:59Z"), "2024-02-29T00:00:00Z");
    EXPECT_EQ(next("03:30", "2024-01-01T03:30:00Z"), "2024-01-02T03:30:00Z");
    EXPECT_EQ(next("mon 03:30", "2024-01-01T03:29:00Z"), "2024-01-01T03:30:00Z");
    EXPECT_EQ(next("sun 23:59", "2024-01-01T00:00:00Z"), "2024-01-07T23:59:00Z");
    EXPECT_EQ(next("every 6h", "2024-01-01T01:02:03Z"), "2024-01-01T07:02:03Z");
    EXPECT_EQ(next("03:30", "1969-12-31T04:00:00Z"), "1970-01-01T03:30:00Z");
    for (const char* text : {"", "24:00", "3:30", "03:60", "xyz 03:30", "mon", "every", "every 5s",
                             "hourly :60", "hourly 15", "03:30 "}) {
        EXPECT_FALSE(Schedule::parse(text)) << text;
    }
}

TEST(Schedules, catch_up_once_and_bear_a_clock_that_jumps) {
    const Schedule daily = *Schedule::parse("03:30");
    const std::int64_t last = at("2024-01-01T03:30:00Z");
    EXPECT_TRUE(daily.due(std::nullopt, last));
    EXPECT_FALSE(daily.due(last, at("2024-01-02T03:29:59Z")));
    EXPECT_TRUE(daily.due(last, at("2024-01-02T03:30:00Z")));
    EXPECT_TRUE(daily.due(last, at("2024-01-09T12:00:00Z")));
    EXPECT_FALSE(daily.due(at("2024-01-09T12:00:00Z"), at("2024-01-09T12:00:30Z")));
    EXPECT_FALSE(daily.due(last, at("2024-01-01T03:00:00Z"))); // half an hour back
    EXPECT_TRUE(daily.due(last, at("2023-11-01T00:00:00Z")));  // months back
}

class JobsTest : public ScratchFixture {};

TEST_F(JobsTest, records_are_whole_or_none) {
    Records records;
    records.plans["a"].snapshot = "x";
    records.repositories["r"].next_part = 3;
    ASSERT_TRUE(records.save(path("records.json")));
    const Records again = Records::load(path("records.json"));
    EXPECT_EQ(again.plans.at("a").snapshot, "x");
    EXPECT_EQ(again.repositories.at("r").next_part, 3U);
    write("records.json", "{\"plans\":");
    EXPECT_TRUE(Records::load(path("records.json")).plans.empty());
    EXPECT_TRUE(Records::load(path("none")).plans.empty());
}

TEST_F(JobsTest, databases_are_copied_at_one_point_in_time_while_they_are_written) {
    std::filesystem::create_directory(path("agents"));
    auto one = noa::sqlite::Database::open(path("agents/one.db"));
    auto two = noa::sqlite::Database::open(path("agents/two.state"));
    ASSERT_TRUE(one && two);
    for (auto* database : {&*one, &*two}) {
        ASSERT_TRUE(database->execute("CREATE TABLE t (x); INSERT INTO t VALUES (1)"));
    }
    auto writing = one->begin(); // open, and not to be seen
    ASSERT_TRUE(writing && one->execute("INSERT INTO t VALUES (2)"));
    write("agents/false.db", "not a database at all, and long enough to be looked at by SQLite");
    write("agents/plain", "text");
    Progress progress;
    const auto copies =
        copy_databases({{path("agents")}, {}, path("staging")}, [] {}, progress, {});
    ASSERT_TRUE(copies) << copies.error().text;
    EXPECT_EQ(progress.faults, 0U);
    ASSERT_EQ(copies->substitutes.size(), 2U); // the second is told by its log
    EXPECT_TRUE(copies->omitted.contains(path("agents/one.db-wal")));
    EXPECT_FALSE(copies->omitted.contains(path("agents/false.db")));
    const auto verdicts = check_databases(path("staging"), {});
    ASSERT_EQ(verdicts.size(), 2U);
    EXPECT_EQ(verdicts[0].fault, "");
    auto copy = noa::sqlite::Database::open(copies->substitutes.at(path("agents/one.db")),
                                            {.read_only = true});
    auto count = copy->prepare("SELECT count(*) FROM t");
    EXPECT_EQ(std::get<0>(**count->first<std::int64_t>()), 1);
    // The writer's locks are still its own.
    ASSERT_TRUE(writing->commit());
    const std::string damaged = copies->substitutes.at(path("agents/two.state"));
    std::string bytes = read(damaged);
    bytes.replace(4096, 200, std::string(200, 'x'));
    std::ofstream(damaged, std::ios::binary) << bytes;
    const auto again = check_databases(path("staging"), {});
    EXPECT_EQ(std::ranges::count_if(again, [](const auto& one_) { return !one_.fault.empty(); }),
              1);
}

} // namespace
} // namespace backup
