// forget, prune, copy; and what a failure at any moment leaves.
#include "archive/copy.hpp"
#include "archive/prune.hpp"
#include "archive/retention.hpp"
#include "archive_fixture.hpp"
#include "faulty_store.hpp"
#include "repository/lock.hpp"

namespace backup {
namespace {

class UpkeepTest : public ArchiveFixture {
protected:
    void reopen_faulty(std::size_t points) {
        left_ = points;
        auto opened = Repository::open(
            std::make_unique<FaultyStore>(*LocalStore::open(path("repository")), left_), password);
        ASSERT_TRUE(opened) << opened.error().text;
        repository_ = *std::move(opened);
        ASSERT_TRUE(repository_->load_index());
    }
    void forget(const Snapshot& snapshot) {
        ASSERT_TRUE(repository_->store().remove({FileKind::snapshot, snapshot.id}));
    }
    PruneReport prune(const PruneOptions& options = {.max_unused = 0}) {
        const auto report =
            backup::prune(*repository_, options, progress_.emplace(), stop_.get_token());
        EXPECT_TRUE(report) << report.error().text;
        return report ? *report : PruneReport{};
    }
    void expect_whole(const char* where) {
        reopen();
        const CheckReport report = check({.parts = 1});
        EXPECT_TRUE(report.good())
            << where << ": " << report.faults[0].what << " " << report.faults[0].why;
    }
    std::size_t left_ = 0;
};

TEST_F(UpkeepTest, leaves_a_whole_repository_wherever_it_fails) {
    for (unsigned number = 0; number < 30; ++number) {
        write("tree/" + std::to_string(number), noise(20'000 + number, number));
    }
    archive();
    std::size_t points = 1;
    bool done = false;
    for (; !done; points += points < 20 ? 1 : 7) {
        write("tree/3", noise(30'000, static_cast<unsigned>(points) + 100));
        write("tree/more", noise(600'000, static_cast<unsigned>(points) + 200));
        reopen_faulty(points);
        done = try_archive().has_value();
        expect_whole("archive");
    }
    EXPECT_GT(points, 8U);
}

TEST_F(UpkeepTest, prunes_to_what_is_needed_and_survives_a_failure_at_any_point) {
    for (std::size_t points = 1, done = 0; done == 0; ++points) {
        std::vector<Snapshot> all;
        for (unsigned round = 0; round < 3; ++round) {
            const auto seed = static_cast<unsigned>(points * 10) + round;
            write("tree/a", noise(50'000, seed));
            write("tree/b" + std::to_string(round), noise(50'000, seed + 5000));
            all.push_back(archive().snapshot);
        }
        for (std::size_t at = 0; at < 2; ++at) {
            forget(all[at]);
        }
        reopen_faulty(points);
        const PruneOptions options{.max_unused = 0};
        done = backup::prune(*repository_, options, progress_.emplace(), {}) ? 1U : 0U;
        expect_whole("prune");
        restore(all[2], {.path = path("tree"), .target = path("out"), .strip = true});
        EXPECT_EQ(described(path("out")), described(path("tree")));
        std::filesystem::remove_all(path("out"));
        forget(all[2]);
    }
    const PruneReport report = prune();
    EXPECT_EQ(report.kept_packs, 0U);
    EXPECT_TRUE(repository_->store().list(FileKind::data)->empty());
}

TEST_F(UpkeepTest, prunes_as_restic_can_check) {
    if (!have_restic()) {
        GTEST_SKIP() << "no restic here";
    }
    write("tree/a", noise(300'000, 1));
    write("tree/b", noise(300'000, 2));
    const ArchiveResult first = archive();
    std::filesystem::remove(path("tree/b"));
    write("tree/c", noise(300'000, 3));
    archive();
    forget(first.snapshot);
    const PruneReport dry = prune({.max_unused = 0, .dry_run = true});
    EXPECT_EQ(dry.repacked_packs, 1U);
    ASSERT_EQ(restic({"check", "--read-data"}), 0) << output_;
    const PruneReport report = prune();
    EXPECT_EQ(report.freed_bytes, dry.freed_bytes);
    EXPECT_GT(report.freed_bytes, 300'000U);
    ASSERT_EQ(restic({"check", "--read-data"}), 0) << output_;
    ASSERT_EQ(restic({"restore", "latest", "--target", path("out")}), 0) << output_;
    EXPECT_EQ(described(path("out") + path("tree")), described(path("tree")));
    ASSERT_EQ(restic({"prune", "--max-unused", "0"}), 0) << output_;
    expect_whole("restic's prune");
}

TEST_F(UpkeepTest, removes_nothing_when_something_is_missing) {
    write("tree/a", noise(300'000, 1));
    archive();
    const auto location = repository_->find(sha256(view_of(read(path("tree/a")))), BlobKind::data);
    ASSERT_TRUE(repository_->store().remove({FileKind::data, location->pack}));
    const auto refused = backup::prune(*repository_, {}, progress_.emplace(), {});
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().text.find("nothing was removed"), std::string::npos);
    const CheckReport report = check({});
    EXPECT_FALSE(report.good()); // that a file is gone is seen without reading
    ASSERT_EQ(report.lost.size(), 1U);
}

TEST_F(UpkeepTest, copies_to_another_repository_once) {
    make_tree();
    const ArchiveResult result = archive();
    auto other = Repository::create(*LocalStore::create_new(path("other")), "other secret", here_,
                                    repository_->config().polynomial);
    ASSERT_TRUE(other) << other.error().text;
    const auto copied = copy(*repository_, **other, {result.snapshot}, progress_.emplace(), {});
    ASSERT_TRUE(copied) << copied.error().text;
    ASSERT_EQ(copied->snapshots.size(), 1U);
    EXPECT_TRUE(
        copy(*repository_, **other, {result.snapshot}, progress_.emplace(), {})->snapshots.empty());
    repository_ = *std::move(other);
    EXPECT_TRUE(check({.parts = 1}).good());
    const auto snapshot = repository_->snapshot("latest");
    EXPECT_EQ(snapshot->original, result.snapshot.id);
    restore(*snapshot, {.path = path("tree"), .target = path("out"), .strip = true});
    EXPECT_EQ(described(path("out")), described(path("tree")));
}

std::string kept(const KeepRule& rule, const std::vector<const char*>& times) {
    std::vector<Snapshot> all;
    for (const char* time : times) {
        Snapshot& snapshot = all.emplace_back();
        snapshot.time = *Timestamp::parse(time);
        snapshot.tags = {std::string_view(time).starts_with("2024-01-01") ? "first" : "other"};
    }
    std::string text;
    for (const KeepVerdict& verdict : judge(rule, all)) {
        text += verdict.reasons.empty() ? '.' : 'k';
    }
    return text;
}

TEST(Retention, keeps_one_of_each_hour_day_week_month_and_year) {
    const std::vector<const char*> times{
        "2024-03-10T12:30:00Z", "2024-03-10T12:10:00Z", "2024-03-10T11:10:00Z",
        "2024-03-09T10:00:00Z", "2024-03-04T10:00:00Z", "2024-03-03T10:00:00Z",
        "2024-02-01T10:00:00Z", "2024-01-01T10:00:00Z", "2023-12-31T10:00:00Z"};
    EXPECT_EQ(kept({}, times), "kkkkkkkkk");
    EXPECT_EQ(kept({.last = 2}, times), "kk.......");
    EXPECT_EQ(kept({.hourly = 2}, times), "k.k......");
    EXPECT_EQ(kept({.daily = 3}, times), "k..kk....");
    EXPECT_EQ(kept({.weekly = 2}, times), "k....k...");
    EXPECT_EQ(kept({.monthly = 3}, times), "k.....kk.");
    EXPECT_EQ(kept({.yearly = 5}, times), "k.......k");
    EXPECT_EQ(kept({.within_s = 86'400}, times), "kkk......");
    EXPECT_EQ(kept({.tags = {"first"}}, times), ".......k.");
    EXPECT_EQ(kept({.last = 1, .yearly = 2}, times), "k.......k");
}

TEST_F(UpkeepTest, forgets_what_restic_would) {
    if (!have_restic()) {
        GTEST_SKIP() << "no restic here";
    }
    write("tree/a", "a");
    std::mt19937 random(7);
    for (unsigned round = 0; round < 40; ++round) {
        time_ += static_cast<std::int64_t>(random() % 500'000);
        archive();
    }
    const KeepRule rule{.last = 2, .hourly = 3, .daily = 4, .weekly = 3, .monthly = 5, .yearly = 2};
    ASSERT_EQ(restic({"forget", "--dry-run", "--json", "--keep-last", "2", "--keep-hourly", "3",
                      "--keep-daily", "4", "--keep-weekly", "3", "--keep-monthly", "5",
                      "--keep-yearly", "2"}),
              0);
    const std::string keep = output_.substr(0, output_.find("\"remove\""));
    const auto snapshots = repository_->snapshots();
    ASSERT_TRUE(snapshots);
    for (const KeepVerdict& verdict : judge(rule, *snapshots)) {
        const bool restics =
            keep.find("\"id\":\"" + verdict.snapshot.id.hex()) != std::string::npos;
        EXPECT_EQ(restics, !verdict.reasons.empty()) << verdict.snapshot.time.text();
    }
}

} // namespace
} // namespace backup
