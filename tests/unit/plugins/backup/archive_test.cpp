#include "archive/size_scan.hpp"
#include "archive_fixture.hpp"

namespace backup {
namespace {

class ArchiveTest : public ArchiveFixture {};

TEST_F(ArchiveTest, restores_what_was_there) {
    make_tree();
    const ArchiveResult result = archive();
    EXPECT_EQ(result.files, 8U);
    EXPECT_EQ(result.unchanged, 0U);
    reopen();
    const RestoreResult restored =
        restore(result.snapshot,
                {.path = path("tree"), .target = path("out"), .strip = true, .read_back = true});
    EXPECT_EQ(described(path("out")), described(path("tree")));
    EXPECT_EQ(restored.files, 7U); // one is a second name
    restore(result.snapshot, {.path = path("tree/sub/deep"), .target = path("part")});
    EXPECT_EQ(described(path("part") + path("tree/sub/deep")), described(path("tree/sub/deep")));
    EXPECT_FALSE(std::filesystem::exists(path("part") + path("tree/small")));
}

TEST_F(ArchiveTest, is_what_restic_restores_and_what_restic_wrote_is_restored) {
    if (!have_restic()) {
        GTEST_SKIP() << "no restic here";
    }
    make_tree();
    archive();
    ASSERT_EQ(restic({"check", "--read-data"}), 0) << output_;
    ASSERT_EQ(restic({"restore", "latest", "--target", path("out")}), 0) << output_;
    EXPECT_EQ(described(path("out") + path("tree")), described(path("tree")));
    // With ours as the parent nothing is read again, and nothing is stored twice.
    ASSERT_EQ(restic({"backup", path("tree")}), 0) << output_;
    EXPECT_NE(output_.find("Files:           0 new,     0 changed,     8 unmodified"),
              std::string::npos)
        << output_;
    reopen();
    const auto all = repository_->snapshots();
    ASSERT_TRUE(all) << all.error().text;
    ASSERT_EQ(all->size(), 2U);
    std::filesystem::remove_all(path("out"));
    restore(all->back(), {.path = path("tree"), .target = path("out"), .strip = true});
    EXPECT_EQ(described(path("out")), described(path("tree")));
    // And the other way round.
    EXPECT_EQ(archive().unchanged, 8U);
    ASSERT_EQ(restic({"check", "--read-data"}), 0) << output_;
}

TEST_F(ArchiveTest, reads_only_what_changed) {
    make_tree();
    // Cuts are by chance: the first, within 8 MiB, is before the change whatever it was.
    write("tree/large", noise(20'000'000, 1));
    archive();
    reopen();
    const ArchiveResult same = archive();
    EXPECT_EQ(same.unchanged, 8U);
    // One tree at most: that of the directory above, in which others work meanwhile.
    EXPECT_LE(same.written.bytes, 1024U);
    ASSERT_TRUE(same.snapshot.parent);
    // In the middle of the large one: the chunks around are known.
    std::string text = read(path("tree/large"));
    text.insert(10'000'000, "inserted");
    write("tree/large", text);
    const ArchiveResult changed = archive();
    EXPECT_EQ(changed.unchanged, 7U);
    EXPECT_LE(changed.written.plain_bytes, 20'000'008U - (512U << 10U));
    EXPECT_GT(changed.written.plain_bytes, 8U);
    restore(changed.snapshot, {.path = path("tree/large"), .target = path("out"), .strip = true});
    EXPECT_EQ(read(path("out/large")), text);
}

TEST_F(ArchiveTest, leaves_out_what_is_excluded_and_puts_copies_in_place) {
    make_tree();
    write("copy", "copied");
    ArchiveOptions options;
    options.excludes = {"*.tmp", "sub/deep", path("tree/large")};
    options.substitutes = {{path("tree/small"), path("copy")}};
    options.omitted = {path("tree/zeroes")};
    write("tree/x.tmp", "x");
    const ArchiveResult result = archive(options);
    restore(result.snapshot, {.path = path("tree"), .target = path("out"), .strip = true});
    EXPECT_EQ(read(path("out/small")), "copied");
    for (const char* name : {"x.tmp", "sub/deep", "large", "zeroes"}) {
        EXPECT_FALSE(std::filesystem::exists(path("out/") + name)) << name;
    }
    EXPECT_TRUE(std::filesystem::exists(path("out/sub/link")) ||
                std::filesystem::is_symlink(path("out/sub/link")));
}

TEST_F(ArchiveTest, finds_how_much_there_is_beside_what_is_left_out) {
    make_tree();
    ArchiveOptions options;
    options.sources = {{path("tree"), ""}};
    options.excludes = {"sub/deep", "*.tmp"};
    options.omitted = {path("tree/zeroes")};
    write("tree/x.tmp", "x");
    Progress progress;
    scan_sizes(options, progress, {});
    EXPECT_EQ(progress.all_files, 6U);
    EXPECT_EQ(progress.all_bytes, 5'000'000U + 6 + 6 + 4 + 7);
}

TEST_F(ArchiveTest, goes_on_where_it_was_interrupted) {
    make_tree();
    stop_.request_stop();
    const auto ended = try_archive();
    ASSERT_FALSE(ended);
    EXPECT_EQ(ended.error().text, "interrupted");
    stop_ = {};
    reopen();
    EXPECT_TRUE(repository_->snapshots()->empty());
    archive();
    EXPECT_TRUE(check({.parts = 1}).good());
}

TEST_F(ArchiveTest, tells_what_it_cannot_read_and_keeps_the_rest) {
    make_tree();
    ArchiveOptions options;
    options.substitutes = {{path("tree/small"), path("tree/hollow/none/x")},
                           {path("tree/empty"), std::string(5000, 'x')}};
    const auto result = try_archive(options);
    ASSERT_TRUE(result);
    ASSERT_EQ(progress_->faults, 1U);
    EXPECT_EQ(progress_->kept_faults()[0].what, path("tree/empty"));
    EXPECT_TRUE(check({.parts = 1}).good());
}

TEST_F(ArchiveTest, overwrites_nothing_with_what_is_damaged) {
    write("tree/a", noise(100'000, 1));
    const ArchiveResult result = archive();
    const auto location = repository_->find(sha256(view_of(read(path("tree/a")))), BlobKind::data);
    ASSERT_TRUE(location);
    const std::string pack =
        static_cast<LocalStore&>(repository_->store()).path_of({FileKind::data, location->pack});
    std::string bytes = read(pack);
    bytes[50'000] = static_cast<char>(bytes[50'000] ^ 1);
    std::ofstream(pack, std::ios::binary) << bytes;
    reopen();
    write("out/a", "precious");
    const RestoreOptions options{.path = path("tree/a"), .target = path("out"), .strip = true};
    const auto restored =
        backup::restore(*repository_, result.snapshot, options, progress_.emplace(), {});
    ASSERT_TRUE(restored);
    EXPECT_EQ(restored->files, 0U);
    EXPECT_EQ(progress_->faults, 1U);
    EXPECT_EQ(read(path("out/a")), "precious");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(path("out")), {}), 1);

    EXPECT_TRUE(check({}).good()); // not to be seen without reading
    const CheckReport report = check({.parts = 1});
    EXPECT_FALSE(report.good());
    ASSERT_EQ(report.bad_packs, std::vector{location->pack});
    ASSERT_EQ(report.lost.size(), 1U);
    EXPECT_EQ(report.lost[0].what, result.snapshot.id.short_hex());
    EXPECT_EQ(report.lost[0].why, path("tree/a"));
}

TEST_F(ArchiveTest, follows_no_link_out_of_its_target) {
    make_tree();
    const ArchiveResult result = archive();
    std::filesystem::create_directory(path("outside"));
    std::filesystem::create_directory(path("out"));
    std::filesystem::create_symlink(path("outside"), path("out/sub"));
    const RestoreOptions options{.path = path("tree"), .target = path("out"), .strip = true};
    ASSERT_TRUE(backup::restore(*repository_, result.snapshot, options, progress_.emplace(), {}));
    EXPECT_EQ(progress_->faults, 1U);
    EXPECT_TRUE(std::filesystem::is_empty(path("outside")));
    EXPECT_EQ(read(path("out/small")), "small\n");
}

TEST_F(ArchiveTest, is_compared_with_another) {
    make_tree();
    const ArchiveResult before = archive();
    std::filesystem::remove(path("tree/sub/link"));
    write("tree/sub/new", "new");
    write("tree/small", "changed");
    const ArchiveResult after = archive();
    auto reader = BlobReader::make(*repository_);
    const auto found = compare_trees(*reader, before.snapshot.tree, after.snapshot.tree, 100);
    ASSERT_TRUE(found) << found.error().text;
    std::string text;
    for (const Difference& line : *found) {
        if (line.kind != 'U') {
            text += line.kind + line.path.substr(path("").size()) + " ";
        }
    }
    EXPECT_EQ(text, "Mtree/small -tree/sub/link +tree/sub/new Mtree/sub/small again ");
    EXPECT_EQ(compare_trees(*reader, before.snapshot.tree, after.snapshot.tree, 1)->size(), 2U);
}

TEST(Excludes, have_the_meaning_of_restic) {
    const Excludes excludes({"*.o", "a/b", "/var/tmp", "x/**/y", "/opt/*/log"});
    for (const char* path :
         {"/k/f.o", "/k/a/b", "/a/b", "/var/tmp", "/x/y", "/k/x/1/2/y", "/opt/z/log"}) {
        EXPECT_TRUE(excludes.match(path)) << path;
    }
    for (const char* path :
         {"/k/f.c", "/a", "/b", "/k/var/tmp", "/x/z", "/opt/log", "/opt/z/z/log", "/"}) {
        EXPECT_FALSE(excludes.match(path)) << path;
    }
}

} // namespace
} // namespace backup
