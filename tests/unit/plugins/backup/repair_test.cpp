// What is damaged, saved from where it still is.
#include "archive/copy.hpp"
#include "archive/repair.hpp"
#include "archive_fixture.hpp"
#include "faulty_store.hpp"

namespace backup {
namespace {

class RepairTest : public ArchiveFixture {
protected:
    // A bit of the blob that is the content of a file.
    void damage(const std::string& content) const {
        const auto at = repository_->find(sha256(view_of(content)), BlobKind::data);
        ASSERT_TRUE(at);
        const std::string hex = at->pack.hex();
        const std::string file = path("repository/data/" + hex.substr(0, 2) + "/" + hex);
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
        std::fstream pack(file, std::ios::in | std::ios::out | std::ios::binary);
        pack.seekg(at->blob.offset + 20);
        const char byte = static_cast<char>(pack.get() ^ 1);
        pack.seekp(at->blob.offset + 20);
        pack.put(byte);
    }
    RepairReport repair(Repository* spare = nullptr) {
        auto report = backup::repair(*repository_, spare, progress_.emplace(), {});
        EXPECT_TRUE(report) << report.error().text;
        return report ? *std::move(report) : RepairReport{};
    }
    const std::string one_ = noise(100'000, 1);
    const std::string two_ = noise(100'000, 2);
};

TEST_F(RepairTest, saves_what_is_whole_and_the_next_archive_the_rest) {
    write("tree/one", one_);
    write("tree/two", two_);
    const ArchiveResult first = archive();
    damage(one_);
    reopen();
    const RepairReport report = repair();
    EXPECT_EQ(report.bad_packs, 1U);
    EXPECT_EQ(report.saved_blobs, 1U);
    EXPECT_EQ(report.missing_blobs, 1U);
    ASSERT_EQ(report.lost.size(), 1U);
    EXPECT_EQ(report.lost[0].why, path("tree/one"));
    const CheckReport between = check({.parts = 1});
    EXPECT_FALSE(between.good());
    EXPECT_TRUE(between.bad_packs.empty());
    archive(); // reads the file again, although it did not change
    reopen();
    EXPECT_TRUE(check({.parts = 1}).good());
    restore(first.snapshot, {.path = path("tree"), .target = path("out"), .strip = true});
    EXPECT_EQ(described(path("out")), described(path("tree")));
    EXPECT_EQ(repair().bad_packs, 0U);
    if (have_restic()) {
        ASSERT_EQ(restic({"check", "--read-data"}), 0) << output_;
    }
}

TEST_F(RepairTest, fetches_from_another_repository_what_the_source_has_no_more) {
    write("tree/one", one_);
    write("tree/two", two_);
    const ArchiveResult first = archive();
    auto other = Repository::create(*LocalStore::create_new(path("other")), "other secret", here_,
                                    repository_->config().polynomial);
    ASSERT_TRUE(other) << other.error().text;
    ASSERT_TRUE(copy(*repository_, **other, {first.snapshot}, progress_.emplace(), {}));
    ASSERT_TRUE((*other)->load_index());
    damage(one_);
    std::filesystem::rename(path("tree"), path("former"));
    reopen();
    const RepairReport report = repair(other->get());
    EXPECT_EQ(report.fetched_blobs, 1U);
    EXPECT_EQ(report.missing_blobs, 0U);
    reopen();
    EXPECT_TRUE(check({.parts = 1}).good());
    restore(first.snapshot, {.path = path("tree"), .target = path("out"), .strip = true});
    EXPECT_EQ(read(path("out/one")), one_);
}

TEST_F(RepairTest, saves_what_a_pack_that_is_gone_had) {
    write("tree/one", one_);
    archive();
    const auto at = repository_->find(sha256(view_of(one_)), BlobKind::data);
    ASSERT_TRUE(repository_->store().remove({FileKind::data, at->pack}));
    reopen();
    EXPECT_EQ(repair().missing_blobs, 1U);
    archive();
    reopen();
    EXPECT_TRUE(check({.parts = 1}).good());
}

TEST_F(RepairTest, leaves_no_less_than_there_was_wherever_it_fails) {
    write("tree/one", one_);
    write("tree/two", two_);
    const ArchiveResult first = archive();
    damage(one_);
    bool done = false;
    std::size_t points = 1;
    for (; !done; ++points) {
        std::size_t left = points;
        auto opened = Repository::open(
            std::make_unique<FaultyStore>(*LocalStore::open(path("repository")), left), password);
        ASSERT_TRUE(opened) << opened.error().text;
        repository_ = *std::move(opened);
        done = backup::repair(*repository_, nullptr, progress_.emplace(), {}).has_value();
        reopen();
        restore(first.snapshot, {.path = path("tree/two"), .target = path("out"), .strip = true});
        ASSERT_EQ(read(path("out/two")), two_) << points;
    }
    EXPECT_GT(points, 4U);
    archive();
    reopen();
    EXPECT_TRUE(check({.parts = 1}).good());
}

} // namespace
} // namespace backup
